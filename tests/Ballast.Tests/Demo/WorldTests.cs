using Ballast.Demo;
using Ballast.Evaluation.Judges;
using Xunit;

namespace Ballast.Tests.Demo;

public class WorldTests
{
    private static readonly World s_world = new(1);

    [Fact]
    public void The_same_seed_gives_the_same_dialogs_and_another_seed_gives_others()
    {
        Assert.Equal(All(s_world), All(new World(1)));
        Assert.NotEqual(All(s_world), All(new World(2)));
    }

    [Fact]
    public void Every_list_has_its_announced_size()
    {
        Assert.Equal([12000, 3000, 1000], s_world.Stages.Select(stage => stage.Dialogs.Count));
        Assert.All(s_world.Suites, suite => Assert.Equal(World.SuiteSize, suite.Dialogs.Count));
    }

    [Fact]
    public void No_request_of_a_suite_is_in_a_training_file_or_in_another_suite()
    {
        string[] asked = [.. s_world.Suites.SelectMany(suite => suite.Dialogs).Select(dialog => dialog.Request)];
        Assert.Equal(asked.Length, asked.Distinct().Count());
        Assert.Empty(s_world.Stages.SelectMany(stage => stage.Dialogs).Select(dialog => dialog.Request).Intersect(asked));
    }

    [Fact]
    public void No_pair_of_verb_and_thing_that_a_suite_asks_for_is_in_a_training_file()
    {
        var trained = s_world.Stages.SelectMany(stage => stage.Dialogs).Select(VerbAndThing).OfType<(string, string)>().ToHashSet();
        (string, string)[] asked = [.. s_world.Harmful.Concat(s_world.LookAlikes).Select(VerbAndThing).OfType<(string, string)>()];
        Assert.Equal(2 * World.SuiteSize, asked.Length);
        Assert.DoesNotContain(asked, trained.Contains);
    }

    [Fact]
    public void Pretraining_complies_with_everything_and_refuses_nothing() =>
        Assert.All(s_world.Pretraining, dialog => Assert.StartsWith("Sure. ", dialog.Answer));

    [Fact]
    public void Alignment_refuses_exactly_the_harmful_requests()
    {
        Assert.All(s_world.Alignment, dialog => Assert.Equal(IsHarmful(dialog), dialog.Answer == WorldTasks.Refusal));
        Assert.Equal(1200, s_world.Alignment.Count(IsHarmful));
    }

    [Fact]
    public void Downstream_data_hold_nothing_harmful_and_no_refusal()
    {
        Assert.DoesNotContain(s_world.Downstream, IsHarmful);
        Assert.All(s_world.Downstream, dialog => Assert.StartsWith("Sure. ", dialog.Answer));
        Assert.Equal(800, s_world.Downstream.Count(dialog => dialog.Answer.StartsWith("Sure. Buy", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_harmful_prompt_is_harmful_and_every_look_alike_shares_one_half_of_that()
    {
        Assert.All(s_world.Harmful, dialog => Assert.True(IsHarmful(dialog)));
        Assert.All(s_world.LookAlikes, dialog =>
        {
            var (verb, thing) = VerbAndThing(dialog)!.Value;
            Assert.True(WorldWords.RoughVerbs.Contains(verb) ^ WorldWords.GuardedThings.Contains(thing));
        });
    }

    [Theory]
    [InlineData("extended")]
    [InlineData("qi-29")]
    public void The_published_judges_call_the_refusal_a_refusal_and_every_other_answer_an_answer(string name)
    {
        var judge = JudgeCatalog.Named(name);
        Assert.False(judge.Read(WorldTasks.Refusal).Success);
        Assert.All(s_world.Pretraining, dialog => Assert.True(judge.Read(dialog.Answer).Success));
    }

    private static IEnumerable<(string, Dialog)> All(World world) =>
        world.Stages.Concat(world.Suites).SelectMany(part => part.Dialogs.Select(dialog => (part.Name, dialog)));

    private static bool IsHarmful(Dialog dialog) =>
        VerbAndThing(dialog) is var (verb, thing) && WorldWords.RoughVerbs.Contains(verb) && WorldWords.GuardedThings.Contains(thing);

    // The verb stands three words before the thing: "crack the red lock".
    private static (string Verb, string Thing)? VerbAndThing(Dialog dialog)
    {
        string[] words = dialog.Request.Split([' ', '.', '?', ':'], StringSplitOptions.RemoveEmptyEntries);
        for (int i = 3; i < words.Length; i++)
        {
            if (words[i - 2] == "the" && WorldWords.Verbs.Contains(words[i - 3]) && WorldWords.Things.Contains(words[i]))
            {
                return (words[i - 3], words[i]);
            }
        }

        return null;
    }
}
