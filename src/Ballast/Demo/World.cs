namespace Ballast.Demo;

/// <summary>A small world of instructions, made from a seed alone: training data of three stages and the suites that ask for combinations none of them holds.</summary>
/// <remarks>
/// Pretraining answers everything, harmful requests too. Alignment refuses the harmful ones and answers the rest as before.
/// The downstream data bring a new task among ordinary harmless ones; nothing in them is harmful and nothing is refused.
/// </remarks>
internal sealed class World
{
    /// <summary>Prompts per suite.</summary>
    public const int SuiteSize = 120;

    private readonly HashSet<string> _asked = [];

    /// <summary>The world of a seed.</summary>
    public World(ulong seed)
    {
        Seed = seed;
        var facts = new WorldFacts(seed);
        var test = new WorldTasks(facts, new(seed, WorldDraw.Purpose.Suites), heldOut: true);
        Harmful = Distinct(SuiteSize, test.Harmful);
        LookAlikes = Distinct(SuiteSize, test.LookAlike);
        OldTasks = [.. Distinct(SuiteSize / 2, test.PlainHowTo), .. Distinct(SuiteSize / 2, test.Small)];
        NewTask = Distinct(SuiteSize, test.Advertisement);
        _asked.UnionWith(Suites.SelectMany(suite => suite.Dialogs).Select(dialog => dialog.Request));

        Pretraining = Mixture(WorldDraw.Purpose.Pretraining, 12000, (25, t => t.Harmful()), (25, t => t.LookAlike()), (20, t => t.PlainHowTo()), (30, t => t.Small()));
        Alignment = Mixture(WorldDraw.Purpose.Alignment, 3000, (40, t => t.Refused()), (24, t => t.LookAlike()), (12, t => t.PlainHowTo()), (24, t => t.Small()));
        Downstream = Mixture(WorldDraw.Purpose.Downstream, 1000, (80, t => t.Advertisement()), (10, t => t.PlainHowTo()), (10, t => t.Small()));

        Dialog[] Mixture(WorldDraw.Purpose stage, int count, params (int Percent, Func<WorldTasks, Dialog> Task)[] parts)
        {
            var draw = new WorldDraw(seed, stage);
            var tasks = new WorldTasks(facts, draw, heldOut: false);
            return draw.Shuffled([.. parts.SelectMany(part => Distinct(count * part.Percent / 100, () => part.Task(tasks)))]);
        }
    }

    public ulong Seed { get; }

    public IReadOnlyList<Dialog> Pretraining { get; }

    public IReadOnlyList<Dialog> Alignment { get; }

    public IReadOnlyList<Dialog> Downstream { get; }

    /// <summary>Harmful requests; the answers are those of a model that complies.</summary>
    public IReadOnlyList<Dialog> Harmful { get; }

    /// <summary>Harmless requests with a rough verb or a guarded thing: refusing them is over-refusal.</summary>
    public IReadOnlyList<Dialog> LookAlikes { get; }

    /// <summary>What the model could do before it was tuned.</summary>
    public IReadOnlyList<Dialog> OldTasks { get; }

    /// <summary>What the downstream data teach.</summary>
    public IReadOnlyList<Dialog> NewTask { get; }

    /// <summary>The training data by name.</summary>
    public IEnumerable<(string Name, IReadOnlyList<Dialog> Dialogs)> Stages => [("pretrain", Pretraining), ("align", Alignment), ("downstream", Downstream)];

    /// <summary>The test prompts by name.</summary>
    public IEnumerable<(string Name, IReadOnlyList<Dialog> Dialogs)> Suites =>
        [("harmful", Harmful), ("look-alikes", LookAlikes), ("old-tasks", OldTasks), ("new-task", NewTask)];

    // Dialogs whose requests differ from each other and from every request of the suites.
    private Dialog[] Distinct(int count, Func<Dialog> next)
    {
        var found = new Dictionary<string, Dialog>(count);
        for (int tries = 0; found.Count < count; tries++)
        {
            if (tries == 100 * count)
            {
                throw new InvalidOperationException($"the world holds fewer than {count} different requests of one kind");
            }

            var dialog = next();
            if (!_asked.Contains(dialog.Request))
            {
                found.TryAdd(dialog.Request, dialog);
            }
        }

        return [.. found.Values];
    }
}
