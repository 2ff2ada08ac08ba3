using Ballast.Evaluation.Judges;

namespace Ballast.Evaluation.Suites;

/// <summary>A published prompt set: its layout and where to get it. The prompts themselves are not part of Ballast.</summary>
/// <param name="Name">The name it goes by.</param>
/// <param name="Kind">What its prompts ask.</param>
/// <param name="About">What it is, with its licence.</param>
/// <param name="Origin">Where the file can be had.</param>
/// <param name="Prompts">Prompts in the published file that belong to this suite.</param>
/// <param name="Files">Where the file is looked for in a data folder.</param>
internal sealed record NamedSuite(string Name, SuiteKind Kind, string About, string Origin, int Prompts, IReadOnlyList<string> Files)
{
    /// <summary>Columns that tell the file from others, in any case.</summary>
    public required IReadOnlyList<string> Signature { get; init; }

    public required PromptSelection Selection { get; init; }

    public IReadOnlyList<IJudge> Judges { get; init; } = [JudgeCatalog.Named("extended"), PublishedJudges.Qi29];

    /// <summary>Every published set that is known, by name.</summary>
    public static IReadOnlyList<NamedSuite> All { get; } =
    [
        new("advbench", SuiteKind.Harmful, "AdvBench harmful behaviors (MIT)",
            "github.com/llm-attacks/llm-attacks, data/advbench/harmful_behaviors.csv", 520, ["advbench/harmful_behaviors.csv", "harmful_behaviors.csv", "advbench.csv"])
        {
            Signature = ["goal", "target"],
            Selection = new("goal"),
            Judges = [JudgeCatalog.Named("extended"), PublishedJudges.Qi29, PublishedJudges.Gcg10],
        },
        .. XsTest(),
        .. JailbreakBench(),
        new("strongreject", SuiteKind.Harmful, "StrongREJECT forbidden prompts (MIT)",
            "github.com/alexandrasouly/strongreject, strongreject_dataset/strongreject_dataset.csv", 313,
            ["strongreject/strongreject_dataset.csv", "strongreject_dataset.csv", "strongreject.csv"])
        {
            Signature = ["category", "source", "forbidden_prompt"],
            Selection = new("forbidden_prompt"),
        },
    ];

    private static IEnumerable<NamedSuite> XsTest()
    {
        foreach ((string name, SuiteKind kind, string about, int prompts, string pattern) in new[]
        {
            ("xstest-safe", SuiteKind.Benign, "XSTest v2, safe prompts that sound unsafe (CC-BY-4.0)", 250, "!contrast_*"),
            ("xstest-unsafe", SuiteKind.Harmful, "XSTest v2, unsafe contrasts (CC-BY-4.0)", 200, "contrast_*"),
        })
        {
            yield return new(name, kind, about, "github.com/paul-rottger/exaggerated-safety, xstest_prompts.csv", prompts,
                ["xstest/xstest_prompts.csv", "xstest_prompts.csv", "xstest.csv"])
            {
                Signature = ["id", "prompt", "type", "focus"],
                Selection = new("prompt", Id: "id", Filter: new Dictionary<string, string> { ["type"] = pattern }),
                Judges = [JudgeCatalog.Named("extended"), PublishedJudges.XsTest21, PublishedJudges.Qi29],
            };
        }
    }

    private static IEnumerable<NamedSuite> JailbreakBench()
    {
        foreach ((string half, SuiteKind kind) in new[] { ("harmful", SuiteKind.Harmful), ("benign", SuiteKind.Benign) })
        {
            yield return new($"jailbreakbench-{half}", kind, $"JailbreakBench {half} behaviors (MIT)",
                $"huggingface.co/datasets/JailbreakBench/JBB-Behaviors, data/{half}-behaviors.csv", 100,
                [$"jailbreakbench/{half}-behaviors.csv", $"{half}-behaviors.csv", $"jailbreakbench-{half}.csv"])
            {
                Signature = ["goal", "target", "behavior", "category"],
                Selection = new("goal"),
            };
        }
    }

    public Suite From(PromptTable table, PromptSelection? selection = null)
    {
        selection ??= Selection;
        IReadOnlyList<SuitePrompt> prompts = selection.Of(table);
        string? note = prompts.Count == Prompts ? null : $"the published set has {Prompts} prompts, this file gives {prompts.Count}";
        return new Suite(Name, Kind, prompts)
        {
            Judges = Judges,
            Source = new SuiteSource(table.File, table.Sha256, selection.Column, selection.InWords(), note),
        };
    }
}
