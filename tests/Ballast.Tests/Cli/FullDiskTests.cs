using Ballast.Adapters;
using Ballast.Models;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

/// <summary>Writing to disks that are full from the beginning, or become full at any moment: one line, what was there is intact, nothing half-written is left.</summary>
public sealed class FullDiskTests
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _disk;

    public FullDiskTests()
    {
        _disk = Directory.CreateDirectory(In("disk")).FullName;
        TinyModel.Create(In("model"));
        TinyModel.Create(In("tuned"), seed: 2);
        File.WriteAllText(In("merge.yaml"), $"""
            merge_method: linear
            models:
            - model: {In("model")}
              parameters: {"{weight: 0.5}"}
            - model: {In("tuned")}
              parameters: {"{weight: 0.5}"}
            dtype: float32
            """);
        using var model = Decoder.Load(In("model"));
        Adapter.Create(model, new AdapterConfig { TargetModules = new ModuleNames(["q_proj"], null), Rank = 2, Alpha = 4 }, seed: 1);
        AdapterWriter.Save(model.Trainable, null, model.Adapter!.Config, In("model"), In("adapter"), "");
    }

    /// <summary>Writers of a folder that appears whole or not at all, in the place of one that is there.</summary>
    public static TheoryData<string> Writers =>
    [
        "merge --base {folder}/model --tuned {folder}/tuned --lambda 0.5 --replace --out {disk}/out",
        "merge {folder}/merge.yaml {disk}/out --replace --shard-size 16KiB",
        "lora merge {folder}/model+{folder}/adapter --replace --out {disk}/out",
        "lora extract --base {folder}/model --tuned {folder}/tuned --rank 2 --replace --out {disk}/out",
    ];

    [Theory]
    [MemberData(nameof(Writers))]
    public void A_disk_that_takes_no_further_file_at_any_moment_keeps_what_it_had(string command)
    {
        int failures = 0;
        for (int files = 4; Fails(command, $"size=80m,nr_inodes={files}", ""); files += 2)
        {
            failures++;
        }

        Assert.True(failures >= 3, $"only {failures} failures before the first success");
    }

    [Theory]
    [InlineData("merge {folder}/merge.yaml {disk}/out --replace --shard-size 16KiB")]
    [InlineData("lora extract --base {folder}/model --tuned {folder}/tuned --rank 2 --replace --out {disk}/out")]
    public void A_write_flush_or_rename_that_fails_for_want_of_space_leaves_what_was_there(string command)
    {
        foreach (string call in (string[])["write", "fsync", "rename"])
        {
            int number = 1;
            while (Fails(command, "size=80m", $"{SmallDisk.FailingCalls()} FAIL_BELOW=$DISK FAIL_CALL={call}:{number}"))
            {
                number += 1 + number / 2;
            }

            Assert.True(number > (call == "rename" ? 1 : 3), $"{call} failed {number - 1} times at most");
        }
    }

    [Fact]
    public void Too_little_room_shows_before_anything_is_written_and_says_how_much_is_needed()
    {
        var (code, _, error) = SmallDisk.Run(_disk, "size=4m", $"ballast merge {In("merge.yaml")} $DISK/out; code=$?; [ -z \"$(ls -A $DISK)\" ] || exit 99; exit $code");
        Assert.Equal(2, code);
        Assert.Matches($"^error: {_disk}/out: the disk is too full: the weights take [0-9.]+ KiB and the other files up to 64.0 MiB, 4.00 MiB are free; free some space or write to another disk\n$", error);
    }

    [Fact]
    public void A_file_that_finds_no_room_says_how_much_it_takes()
    {
        string line = Failure($"lora extract --base {In("model")} --tuned {In("tuned")} --rank 8 --out $DISK/out", "size=48k", "");
        Assert.Matches($"^error: {_disk}/out.*: the disk is full: the file takes [0-9.]+ [Kbi][^ ]*, [0-9.]+ [Kb][^ ]* are free; free some space or write to another disk$", line);
    }

    [Fact]
    public void A_limit_on_the_size_of_files_is_a_fault_and_kills_nothing()
    {
        // The runtime maps executable memory through a large file unless it is told not to.
        string line = Failure($"merge {In("merge.yaml")} $DISK/out", "size=80m", "DOTNET_EnableWriteXorExecute=0", "ulimit -f 16; ");
        Assert.StartsWith($"error: {_disk}/out/model.safetensors: the file would grow beyond the size that this process or the file system allows", line);
    }

    /// <summary>Runs a writer where a folder of its target's name is; asserts that a failure is one line and changed nothing.</summary>
    /// <returns>False where it succeeded.</returns>
    private bool Fails(string command, string options, string environment)
    {
        string arguments = command.Replace("{folder}", _folder, StringComparison.Ordinal).Replace("{disk}", "$DISK", StringComparison.Ordinal);
        var (code, output, error) = SmallDisk.Run(_disk, options, $"""
            mkdir $DISK/out && echo old > $DISK/out/old
            tree; echo ==
            ({environment} "$BALLAST" {arguments} 2>&1 >/dev/null); code=$?
            echo ==; tree
            [ $code != 0 ] || [ -e $DISK/out/README.md -a ! -e $DISK/out/old ] || exit 99
            exit $code
            """);
        string[] parts = output.Split("==\n");
        Assert.True(code is 0 or 1 or 2, $"exit code {code} under {options} {environment}: {output} {error}");
        if (code != 0)
        {
            Assert.Equal(parts[0], parts[2]);
            string line = Assert.Single(parts[1].Split('\n'), said => said.StartsWith("error: ", StringComparison.Ordinal));
            Assert.Contains("the disk is full", line);
            Assert.Contains(_disk + "/out", line);
            Assert.DoesNotContain("   at ", parts[1]);
        }

        return code != 0;
    }

    private string Failure(string arguments, string options, string environment, string before = "")
    {
        var (code, output, _) = SmallDisk.Run(_disk, options, $"{before}({environment} \"$BALLAST\" {arguments} 2>&1 >/dev/null); code=$?; [ -z \"$(ls -A $DISK)\" ] || exit 99; exit $code");
        Assert.Equal((1, code), (code, 1));
        return Assert.Single(output.Split('\n'), said => said.StartsWith("error: ", StringComparison.Ordinal));
    }

    private string In(string name) => Path.Combine(_folder, name);
}
