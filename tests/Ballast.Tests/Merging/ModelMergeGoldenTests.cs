using System.Text.Json.Nodes;
using Ballast.Merging;
using Xunit;

namespace Ballast.Tests.Merging;

/// <summary>Every golden merge, by its own configuration file.</summary>
public class ModelMergeGoldenTests
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> data = [];
            string file = Path.Combine(Support.Shared.Root, "..", "shared", "golden", "merge", "cases.json");
            foreach (JsonNode? item in File.Exists(file) ? JsonNode.Parse(File.ReadAllText(file))!.AsArray() : [])
            {
                if (item!["compare"]!.ToString() != "statistics" && item["case"]!.ToString() != "yaml-dialect")
                {
                    data.Add(item["case"]!.ToString(), item["compare"]!.ToString());
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_merge_equals_mergekits(string name, string compare)
    {
        MergeOptions options = new(MaxShardBytes: name == "linear-sharded-output" ? 30_000 : Ballast.Checkpoints.CheckpointWriter.DefaultMaxShardBytes);
        MergeGolden.Compare(name, MergeGolden.Merge(name, options), compare);
    }

    [Fact]
    public void The_dialect_of_python_is_read_but_unknown_keys_are_not()
    {
        string text = File.ReadAllText(Path.Combine(MergeGolden.Folder, "cases", "yaml-dialect", "config.yaml"));
        Assert.Contains("unknown key 'some_unknown_key'", Assert.Throws<ConfigException>(() => MergeGolden.Merge("yaml-dialect")).Message, StringComparison.Ordinal);
        string known = text.Replace("some_unknown_key: {is: ignored}", "", StringComparison.Ordinal).Replace(", no_such_parameter: 3", "", StringComparison.Ordinal);
        MergeGolden.Compare("yaml-dialect", MergeGolden.Merge("yaml-dialect", text: known), "close");
    }
}
