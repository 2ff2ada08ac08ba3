using Ballast.Tests.Merging.Rescue;
using Ballast.Tests.Support;
using Ballast.Tests.Training;
using Xunit;

namespace Ballast.Tests.Cli;

/// <summary>Verbs that work for hours into one folder: a full disk stops them with one line, and once there is room the same command goes on to the same end.</summary>
public sealed class FullDiskRunTests : IDisposable
{
    private readonly SmallRun _run = new("ema:\n  decay: 0.8\ncheckpoints:\n  every: 1\n");
    private readonly string _disk;

    public FullDiskRunTests()
    {
        _disk = Directory.CreateDirectory(_run.At("disk")).FullName;
        File.WriteAllText(_run.At("recipe.yaml"), _run.Text("disk/run"));
    }

    public void Dispose() => _run.Dispose();

    [Fact]
    public void D5_tuning_that_finds_no_room_for_a_file_goes_on_once_there_is_some()
    {
        _run.Run("whole");
        string hash = Hash(_run.At("whole", "model", "model.safetensors"));
        Recovers($"tune {_run.At("recipe.yaml")}", hash, 3, 13, 17, 30);
    }

    [Fact]
    public void D5_tuning_on_a_disk_that_another_program_fills_keeps_its_checkpoints()
    {
        string tune = $"tune {_run.At("recipe.yaml")} --set training.epochs=100";
        var (code, output, error) = SmallDisk.Run(_disk, "size=80m", $"""
            (ballast {tune} --out $DISK/whole 2>&1 >/dev/null) | tail -n 1; sha256sum < $DISK/whole/model/model.safetensors; rm -r $DISK/whole; echo ==
            (until [ -e $DISK/run/checkpoints/step-2 ]; do sleep 0.01; done; head -c 100M /dev/zero > $DISK/filler) 2>/dev/null &
            (ballast {tune} 2>&1 >/dev/null) | grep -v '^step'; code=$?; ls -A $DISK/run $DISK/run/checkpoints; echo ==
            wait; rm $DISK/filler
            (ballast {tune} 2>&1 >/dev/null) | grep 'going on'; sha256sum < $DISK/run/model/model.safetensors
            """);
        Assert.True(code == 0, output + error);
        string[] parts = output.Split("==\n");
        string line = Assert.Single(parts[1].Split('\n'), said => said.StartsWith("error: ", StringComparison.Ordinal));
        Assert.Matches($"^error: {_disk}/run/.*: the disk is full.*; free some space or write to another disk$", line);
        Assert.DoesNotMatch("partial|\\.new|   at ", parts[1]);
        Assert.StartsWith("going on after step ", parts[2]);
        Assert.Equal(parts[0].Trim().Split('\n')[^1], parts[2].Trim().Split('\n')[^1]);
    }

    [Fact]
    public void Rescue_and_eval_that_find_no_room_go_on_once_there_is_some()
    {
        var models = new RescueFolder();
        Recovers(
            $"rescue --aligned {models.Aligned} --tuned {models.Tuned} --validation {models.In("task.yaml")} --safety {models.In("harmful.yaml")} --limit-asr 1 --lambdas 0.5 --refine 0 --out $DISK/run",
            null, 2, 5, 11);
        Recovers($"eval {models.Aligned} {models.Tuned} --suite {models.In("harmful.yaml")} --out $DISK/run", null, 2, 4);
    }

    [Fact]
    public void A_report_that_finds_no_room_leaves_the_one_that_was_there()
    {
        _run.Run("whole");
        var (code, output, error) = SmallDisk.Run(_disk, "size=4m", $"""
            cp -r {_run.At("whole")} $DISK/run; tree; echo ==
            head -c 8M /dev/zero > $DISK/filler 2>/dev/null
            (ballast report $DISK/run 2>&1 >/dev/null); code=$?; echo ==; tree | grep -v filler; exit $code
            """);
        string[] parts = output.Split("==\n");
        Assert.True(code == 1, error + output);
        Assert.Matches($"^error: {_disk}/run/report.html: the disk is full: the file takes [0-9.]+ KiB, 0 bytes are free; free some space or write to another disk\n$", parts[1]);
        Assert.Equal(parts[0], parts[2]);
    }

    /// <summary>Runs a command on disks that take so many files, and again where there is room.</summary>
    private void Recovers(string command, string? hash, params int[] files)
    {
        foreach (int count in files)
        {
            var (code, output, error) = SmallDisk.Run(_disk, $"size=80m,nr_inodes={count}", $"""
                (ballast {command} 2>&1 >/dev/null); echo "code $?"; echo ==
                find $DISK -name '*.new' -o -name '*.partial*' -o -name '*.parts'; echo ==
                mount -o remount,size=200m,nr_inodes=9999 $DISK
                ballast {command} >/dev/null || exit 98
                [ ! -e $DISK/run/model ] || sha256sum < $DISK/run/model/model.safetensors
                """);
            string[] parts = output.Split("==\n");
            Assert.True(code == 0, $"{count} files: exit code {code}: {output} {error}");
            Assert.True(parts[0].Contains("code 1\n", StringComparison.Ordinal), $"{count} files: {parts[0]}");
            string line = Assert.Single(parts[0].Split('\n'), said => said.StartsWith("error: ", StringComparison.Ordinal));
            Assert.True(line.Contains(_disk, StringComparison.Ordinal) && line.Contains("the disk is full", StringComparison.Ordinal), line);
            Assert.DoesNotContain("   at ", parts[0]);
            Assert.Equal("", parts[1]);
            Assert.True(hash is null || parts[2].StartsWith(hash, StringComparison.Ordinal), $"{count} files: other weights than those of an undisturbed run");
        }
    }

    private static string Hash(string file) => Ballast.Checkpoints.ModelFolder.HashFile(file);
}
