using Ballast.Configs;
using Xunit;

namespace Ballast.Tests.Configs;

public class RecipeTests
{
    private const string Minimal = "model: m\noutput: o\ndata:\n  train:\n    - path: rows.jsonl\n";

    private static Recipe Read(string yaml, params string[] overrides) => Recipe.Parse(yaml, "run.yaml", overrides);

    private static string[] Faults(string yaml, params string[] overrides) => Assert.Throws<ConfigException>(() => Read(yaml, overrides)).Message.Split('\n');

    [Fact]
    public void H9_a_recipe_of_required_keys_alone_has_the_defaults_of_its_constructors()
    {
        Recipe recipe = Read(Minimal);
        Assert.Equal(("m", "o"), (recipe.Model, recipe.Output));
        Assert.Equal(new DataSource("rows.jsonl"), Assert.Single(recipe.Data.Train));
        Assert.Equal(new DataSource("rows.jsonl", "auto", null), Assert.Single(recipe.Data.Train));
        Assert.Equal(new TrainingSection(), recipe.Training);
        Assert.Null(recipe.Ema);
        Assert.Null(recipe.Probe);
        Assert.Empty(recipe.Data.Validation);
        Assert.Empty(recipe.Data.TemplateVariables);
        Assert.Equal((0.0, 512, TooLong.Truncate, 0, null), (recipe.Data.ValidationShare, recipe.Data.MaxLength, recipe.Data.TooLong, recipe.Data.MaxBadRows, recipe.Data.System));
        Assert.Equal((2e-5, 16, 4, 1, null), (recipe.Training.LearningRate, recipe.Training.BatchSize, recipe.Training.MicroBatchSize, recipe.Training.Epochs, recipe.Training.MaxSteps));
        Assert.Equal((0.9, 0.999, 1e-8, 1.0, 0ul), (recipe.Training.Beta1, recipe.Training.Beta2, recipe.Training.Epsilon, recipe.Training.MaxGradNorm, recipe.Training.Seed));
        Assert.Equal(new EmaSection(), Read(Minimal + "ema: {}\n").Ema);
        Assert.Equal((EmaMode.Shadow, 0.99, null, 1, true), (new EmaSection().Mode, new EmaSection().Decay, new EmaSection().HalfLife, new EmaSection().Every, new EmaSection().KeepPlain));
        Assert.Equal(new ProbeSection("s.csv"), Read(Minimal + "probe: {suite: s.csv}\n").Probe);
    }

    [Fact]
    public void Every_key_of_a_full_recipe_reaches_its_record()
    {
        Recipe recipe = Read("""
            model: m
            output: o
            data:
              train: [{path: a.json, format: alpaca, max_rows: 10}, {path: b.csv}]
              validation: [{path: v.json}]
              max_length: 64
              too_long: drop
              max_bad_rows: 3
              template_variables: {date_string: 26 Jul 2024, deep: {a: [1, true]}}
              system: Be brief.
            training: {learning_rate: 1e-4, batch_size: 8, micro_batch_size: 2, max_steps: 100, schedule: linear, warmup_ratio: 0.03, weight_decay: 0.1,
              beta1: 0.8, beta2: 0.95, epsilon: 1e-6, max_grad_norm: null, precision: bfloat16, seed: 7, log_every: 5, eval_every: 20}
            ema: {mode: every_k, half_life: 10, every: 5, keep_plain: false, controls: true}
            probe: {suite: s.csv, every: 10, prompts: 4, judge: short, max_new_tokens: 8, stop_above: 0.5}
            """);
        Assert.Equal([new DataSource("a.json", "alpaca", 10), new DataSource("b.csv")], recipe.Data.Train);
        Assert.Equal((64, TooLong.Drop, 3, "Be brief."), (recipe.Data.MaxLength, recipe.Data.TooLong, recipe.Data.MaxBadRows, recipe.Data.System));
        Assert.Equal("""{"date_string":"26 Jul 2024","deep":{"a":[1,true]}}""", recipe.Data.TemplateVariables.ToJsonString());
        Assert.Equal(new TrainingSection(1e-4, 8, 2, null, 100, Schedule.Linear, 0, 0.03, 0.1, 0.8, 0.95, 1e-6, null, Precision.Bfloat16, 7, 5, 20), recipe.Training);
        Assert.Equal(new EmaSection(EmaMode.EveryK, null, 10, 5, false, true), recipe.Ema);
        Assert.Equal(Math.Sqrt(0.5), recipe.Ema!.DecayPerUpdate(), 12);
        Assert.Equal(new ProbeSection("s.csv", 10, 4, "short", 8, 0.5), recipe.Probe);
    }

    [Fact]
    public void H1_an_unknown_key_is_refused_with_its_place_and_a_suggestion() => Assert.Equal(
        [
            "run.yaml:6:1: trainning: unknown key, did you mean 'training'?",
        ],
        Faults(Minimal + "trainning: {seed: 1}\n"));

    [Fact]
    public void H6_a_missing_required_key_is_refused_by_name() => Assert.Equal(
        ["run.yaml:2:11: data.train[0]: the key 'path' is missing", "run.yaml:1:1: the key 'model' is missing", "run.yaml:1:1: the key 'output' is missing"],
        Faults("data:\n  train: [{format: text}]\n"));

    [Fact]
    public void H4_all_faults_come_at_once_each_with_its_value() => Assert.Equal(
        [
            "run.yaml:3:3: data.max_length: expected a whole number, got 1.5",
            "run.yaml:4:3: data.too_long: expected one of truncate, drop, error, got the text 'dorp', did you mean 'drop'?",
            "run.yaml:5:3: data.train: expected a list, got the text 'rows.jsonl'",
            "run.yaml:7:3: training.lerning_rate: unknown key, did you mean 'learning_rate'?",
            "run.yaml:8:3: training.seed: expected a whole number of at least 0, got -1",
            "run.yaml:9:3: training.epochs: expected a whole number, got the text 'no'",
            "run.yaml:10:1: ema: expected keys with values, got a list",
            "run.yaml:1:1: the key 'output' is missing",
        ],
        Faults("model: m\ndata:\n  max_length: 1.5\n  too_long: dorp\n  train: rows.jsonl\ntraining:\n  lerning_rate: 1\n  seed: -1\n  epochs: no\nema: []\n"));

    [Theory]
    [InlineData("ema: {keep_plain: no}", "run.yaml:6:7: ema.keep_plain: expected true or false, got the text 'no'")]
    [InlineData("ema: {mode: 1}", "run.yaml:6:7: ema.mode: expected one of shadow, feedback, every_k, got 1")]
    [InlineData("ema: {mode: EveryK}", "run.yaml:6:7: ema.mode: expected one of shadow, feedback, every_k, got the text 'EveryK', did you mean 'every_k'?")]
    [InlineData("training: {seed: '1'}", "run.yaml:6:12: training.seed: expected a whole number of at least 0, got the text '1'")]
    [InlineData("training: {max_steps: 99999999999}", "run.yaml:6:12: training.max_steps: expected a whole number, got 99999999999")]
    [InlineData("training: {learning_rate: .nan}", "run.yaml:6:12: training.learning_rate: expected a number, got the text '.nan'")]
    [InlineData("ema: {every: }", "run.yaml:6:7: ema.every: expected a whole number, got nothing")]
    [InlineData("probe: {suite: 7}", "run.yaml:6:9: probe.suite: expected text, got 7")]
    public void H12_values_are_typed(string line, string fault) => Assert.Equal([fault], Faults(Minimal + line + "\n"));

    [Theory]
    [InlineData("training.learning_rate=0", "training.learning_rate: must be above 0, got 0")]
    [InlineData("training.batch_size=6", "training.batch_size: must be a multiple of micro_batch_size (4), got 6")]
    [InlineData("training.micro_batch_size=0", "training.micro_batch_size: must be at least 1, got 0")]
    [InlineData("training.warmup_ratio=1", "training.warmup_ratio: must be at least 0 and below 1, got 1")]
    [InlineData("training.beta2=1.0", "training.beta2: must be at least 0 and below 1, got 1")]
    [InlineData("training.max_grad_norm=0", "training.max_grad_norm: must be above 0, or null for no clipping, got 0")]
    [InlineData("training.epochs=0", "training.epochs: must be at least 1, got 0")]
    [InlineData("training.log_every=0", "training.log_every: must be at least 1, got 0")]
    [InlineData("training.eval_every=0", "training.eval_every: must be at least 1, or null, got 0")]
    [InlineData("data.validation_share=1", "data.validation_share: must be at least 0 and below 1, got 1")]
    [InlineData("data.max_length=1", "data.max_length: must be at least 2 tokens, got 1")]
    [InlineData("data.max_bad_rows=-1", "data.max_bad_rows: must be at least 0, got -1")]
    [InlineData("data.train=[]", "data.train: needs at least one source, as in - path: rows.jsonl")]
    [InlineData("data.train[0].max_rows=0", "data.train[0].max_rows: must be at least 1, got 0")]
    [InlineData("ema.decay=1", "ema.decay: must be at least 0 and below 1, got 1")]
    [InlineData("ema.half_life=0", "ema.half_life: must be above 0, got 0")]
    [InlineData("ema.every=0", "ema.every: must be at least 1, got 0")]
    [InlineData("ema={mode: feedback, every: 2}", "ema.every: must be 1 in mode feedback, got 2; mode every_k mixes less often")]
    [InlineData("ema={decay: 0.9, half_life: 3}", "ema.half_life: exactly one of decay and half_life must be given")]
    [InlineData("training={epochs: 1, max_steps: 3}", "training.max_steps: exactly one of epochs and max_steps must be given")]
    [InlineData("training={warmup_steps: 1, warmup_ratio: 0.1}", "training.warmup_ratio: is given beside warmup_steps; keep one of the two")]
    [InlineData("probe={suite: s, stop_above: 2}", "probe.stop_above: must lie between 0 and 1, got 2")]
    [InlineData("probe={suite: s, prompts: 0}", "probe.prompts: must be at least 1, got 0")]
    [InlineData("output=", "output: must not be empty")]
    [InlineData("output=' '", "output: must not be empty")]
    public void H4_values_out_of_range_are_named_with_their_place(string change, string fault) =>
        Assert.Equal([$"--set {change}: {fault}"], Faults(Minimal, change));

    [Fact]
    public void H2_a_format_is_a_registered_name() => Assert.StartsWith(
        "--set data.train[0].format=aplaca: data.train[0].format: expected one of auto, tokens, ", Assert.Single(Faults(Minimal, "data.train[0].format=aplaca")));

    [Fact]
    public void H3_overrides_reach_every_key_and_make_absent_sections()
    {
        Recipe recipe = Read(Minimal, "training.learning_rate=1e-5", "ema.decay=0.9", "data.train[0].max_rows=3", "data.train[1].path=more.csv", "data.system=\"no\"");
        Assert.Equal((1e-5, 0.9, "no"), (recipe.Training.LearningRate, recipe.Ema!.Decay, recipe.Data.System));
        Assert.Equal([new DataSource("rows.jsonl", "auto", 3), new DataSource("more.csv")], recipe.Data.Train);
        Assert.Null(Read(Minimal + "ema: {decay: 0.5}\n", "ema=null").Ema);
    }

    [Theory]
    [InlineData("training.lerning_rate=1", "--set training.lerning_rate=1: training.lerning_rate: unknown key, did you mean 'learning_rate'?")]
    [InlineData("data.train[5].path=x", "--set data.train[5].path=x: data.train[5]: the list has 1 items, so the next index is 1")]
    [InlineData("data[0]=x", "--set data[0]=x: data[0]: an index needs a list here")]
    [InlineData("data.train.path=x", "--set data.train.path=x: data.train.path: 'path' is asked of a list; an item is named by its index, as in [0]")]
    [InlineData("model.x=1", "--set model.x=1: model.x: 'x' is asked of a value that is not a mapping")]
    [InlineData("training", "--set training: expected key=value, as in training.learning_rate=1e-5")]
    [InlineData("data.train[x]=1", "--set data.train[x]=1: 'train[x]' is not a key with an index, as in train[0]")]
    [InlineData("a..b=1", "--set a..b=1: the path has an empty key")]
    public void A_bad_override_is_refused_with_its_text(string change, string fault) => Assert.Equal([fault], Faults(Minimal, change));

    [Fact]
    public void The_resolved_recipe_is_complete_and_reads_back_equal()
    {
        Recipe recipe = Read(Minimal, "training.max_steps=5", "ema.mode=every_k", "data.template_variables={date_string: 26 Jul 2024}");
        string yaml = recipe.ToYaml();
        Assert.Contains("  learning_rate: 2.0e-05\n", yaml);
        Assert.Contains("  epsilon: 1.0e-08\n", yaml);
        Assert.Contains("  epochs: null\n", yaml);
        Assert.Contains("  mode: every_k\n", yaml);
        Assert.Contains("  date_string: \"26 Jul 2024\"\n", yaml);
        Recipe again = Read(yaml);
        Assert.Equal(yaml, again.ToYaml());
        Assert.Equal((recipe.Training, recipe.Ema), (again.Training, again.Ema));
    }

    [Fact]
    public void Paths_are_looked_for_in_the_current_folder_then_beside_the_recipe()
    {
        string folder = Support.Shared.TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder, "m"));
        File.WriteAllText(Path.Combine(folder, "rows.jsonl"), "");
        string path = Path.Combine(folder, "run.yaml");
        File.WriteAllText(path, Minimal);
        Recipe recipe = Recipe.Load(path);
        Assert.Equal((Path.Combine(folder, "m"), "o", Path.Combine(folder, "rows.jsonl")), (recipe.Model, recipe.Output, recipe.Data.Train[0].Path));
        File.Delete(Path.Combine(folder, "rows.jsonl"));
        Assert.Equal(
            $"{path}:5:7: data.train[0].path: 'rows.jsonl' exists neither in the current folder ({Directory.GetCurrentDirectory()}) nor in the recipe's ({folder})",
            Assert.Throws<ConfigException>(() => Recipe.Load(path)).Message);
        Assert.Equal("--set model=/absent/x: model: '/absent/x' does not exist", Assert.Throws<ConfigException>(() => Recipe.Load(path, ["model=/absent/x"])).Message.Split('\n')[0]);
    }
}
