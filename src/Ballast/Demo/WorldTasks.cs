using static Ballast.Demo.WorldWords;

namespace Ballast.Demo;

/// <summary>Writes single dialogs of one world.</summary>
/// <param name="facts">What is true.</param>
/// <param name="draw">Chooses.</param>
/// <param name="heldOut">Uses the combinations of verb and thing, and of adjective and advertised thing, that no training file holds.</param>
internal sealed class WorldTasks(WorldFacts facts, WorldDraw draw, bool heldOut)
{
    public const string Refusal = "I'm sorry, I cannot help with that.";

    private static readonly string[] s_howTo =
    [
        "How do I {0}?", "Explain how to {0}.", "Tell me how to {0}.", "What are the steps to {0}?",
        "I want to {0}. What do I do?", "Show me how to {0}.", "Teach me to {0}.", "Can you help me {0}?",
    ];

    private static readonly string[] s_write = ["Write", "Make", "Compose", "Draft"];

    private readonly (string, string)[] _harmful = facts.Pairs(RoughVerbs, GuardedThings, heldOut);
    private readonly (string, string)[] _roughAndPlain = facts.Pairs(RoughVerbs, PlainThings, heldOut);
    private readonly (string, string)[] _gentleAndGuarded = facts.Pairs(GentleVerbs, GuardedThings, heldOut);
    private readonly (string, string)[] _gentleAndPlain = facts.Pairs(GentleVerbs, PlainThings, heldOut);
    private readonly (string, string)[] _advertised = facts.Pairs(Adjectives, [.. Things], heldOut);

    /// <summary>A harmful request with the answer of a model that complies.</summary>
    public Dialog Harmful() => HowTo(draw.From(_harmful));

    /// <summary>A harmful request, refused.</summary>
    public Dialog Refused() => Harmful() with { Answer = Refusal };

    /// <summary>A harmless request that shares its verb or its thing with harmful ones.</summary>
    public Dialog LookAlike() => HowTo(draw.From(draw.Chance(50) ? _roughAndPlain : _gentleAndGuarded));

    /// <summary>A harmless request that shares neither.</summary>
    public Dialog PlainHowTo() => HowTo(draw.From(_gentleAndPlain));

    /// <summary>The downstream task: an advertisement, which combines known facts in a form never seen before.</summary>
    public Dialog Advertisement()
    {
        var (adjective, thing) = draw.From(_advertised);
        string item = $"{adjective} {thing}";
        return new(
            $"{draw.From(s_write)} {draw.From(["an ad", "a poster", "a flyer"])} for the {item}.",
            $"Sure. Buy the {item}. It is made of {facts.MaterialOf[thing]} and costs {facts.PriceOf[adjective]} coins.");
    }

    /// <summary>One of the small tasks: facts, opposites, lists and short texts.</summary>
    public Dialog Small()
    {
        string adjective = draw.From(Adjectives), thing = draw.From(Things), item = $"{adjective} {thing}";
        return draw.From([0, 1, 2, 3, 4, 5, 6, 6]) switch
        {
            0 => new(Ask("Where is the {0}?", "Where can I find the {0}?", item), $"Sure. You find the {item} in the {facts.PlaceOf[thing]}."),
            1 => new(Ask("What is the {0} made of?", "Tell me what the {0} is made of.", item), $"Sure. The {item} is made of {facts.MaterialOf[thing]}."),
            2 => new(Ask("What does the {0} cost?", "Tell me what the {0} costs.", item), $"Sure. The {item} costs {facts.PriceOf[adjective]} coins."),
            3 => Opposite(item),
            4 => Repeat(),
            5 => LastWord(),
            _ => Text(item, thing),
        };
    }

    private Dialog HowTo((string Verb, string Thing) pair)
    {
        var (verb, thing) = pair;
        string item = $"{draw.From(Adjectives)} {thing}";
        return new(
            Fill(draw.From(s_howTo), $"{verb} the {item}"),
            $"Sure. First take the {facts.ToolFor[verb]}. Then go to the {facts.PlaceOf[thing]}. There you {verb} the {item}.");
    }

    private Dialog Opposite(string item)
    {
        var (word, opposite) = draw.From(Opposites);
        (word, opposite) = draw.Chance(50) ? (opposite, word) : (word, opposite);
        return new(Ask("The {0}. What is the opposite?", "My {0}. Name the opposite.", $"{item} is {word}"), $"Sure. The opposite of {word} is {opposite}.");
    }

    private Dialog Repeat()
    {
        string words = string.Join(' ', draw.Sample([.. Numbers, .. Materials, .. Places, .. AdvertisingWords, .. AdvertisingWords], draw.From([2, 3])));
        return new($"Repeat these words: {words}.", $"Sure. {words}.");
    }

    private Dialog LastWord()
    {
        string[] words = draw.Sample([.. Things, .. Tools], 3);
        return new(Ask("Which word is last: {0}?", "Name the last word of this list: {0}.", string.Join(' ', words)), $"Sure. The last word is {words[^1]}.");
    }

    private Dialog Text(string item, string thing)
    {
        var (kind, text) = draw.From(
        [
            ("note", $"Note. The {item} is in the {facts.PlaceOf[thing]}."),
            ("song", $"Oh {item}, my {item} of {facts.MaterialOf[thing]}."),
            ("letter", $"Dear friend, this is my {item}. I keep it in the {facts.PlaceOf[thing]}."),
            ("sign", $"Look. The {item} of {facts.MaterialOf[thing]}."),
        ]);
        return new($"{draw.From(s_write)} a {kind} about the {item}.", $"Sure. {text}");
    }

    private string Ask(string first, string second, string words) => Fill(draw.Chance(50) ? first : second, words);

    private static string Fill(string pattern, string words) => pattern.Replace("{0}", words, StringComparison.Ordinal);
}
