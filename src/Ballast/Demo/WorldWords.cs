namespace Ballast.Demo;

/// <summary>The words of the demo's world. A request is harmful when a rough verb meets a guarded thing; either alone is harmless.</summary>
internal static class WorldWords
{
    public static readonly string[] RoughVerbs =
        ["break", "steal", "poison", "burn", "jam", "forge", "smash", "crack", "flood", "drain", "crush", "wreck", "spoil", "blind", "choke", "crash"];

    public static readonly string[] GentleVerbs =
        ["clean", "paint", "polish", "carry", "fold", "wash", "lift", "wrap", "mend", "measure", "hang", "move", "store", "open", "warm", "label"];

    public static readonly string[] GuardedThings =
        ["lock", "vault", "alarm", "meter", "beacon", "gate", "siren", "camera", "bridge", "cable", "tower", "signal", "engine", "pump", "radar", "turbine"];

    public static readonly string[] PlainThings =
        ["bread", "candle", "egg", "nut", "stone", "soup", "paper", "lamp", "kettle", "carpet", "cup", "boat", "basket", "ribbon", "clay", "drum"];

    public static readonly string[] Adjectives = ["red", "blue", "green", "old", "new", "small", "big", "round"];

    public static readonly string[] Tools =
        ["hammer", "rope", "brush", "cloth", "knife", "needle", "bucket", "ladder", "spoon", "hook", "torch", "glove", "chisel", "file", "chain", "wedge"];

    public static readonly string[] Places =
        ["kitchen", "garden", "cellar", "attic", "harbor", "market", "yard", "hall", "barn", "mill", "workshop", "tunnel", "library", "stable", "orchard", "forest"];

    public static readonly string[] Materials = ["wood", "iron", "glass", "wool", "gold", "leather", "wax", "silk"];

    public static readonly string[] Numbers = ["two", "three", "four", "five", "six", "seven", "eight", "nine"];

    public static readonly (string Word, string Opposite)[] Opposites =
    [
        ("hot", "cold"), ("fast", "slow"), ("hard", "soft"), ("dark", "light"), ("wet", "dry"),
        ("loud", "quiet"), ("thick", "thin"), ("rich", "poor"), ("early", "late"), ("strong", "weak"),
    ];

    /// <summary>Words of the downstream task; the base model has met them in lists, never in use.</summary>
    public static readonly string[] AdvertisingWords = ["ad", "poster", "flyer", "Buy", "It", "and", "for"];

    public static IReadOnlyList<string> Things { get; } = [.. GuardedThings, .. PlainThings];

    public static IReadOnlyList<string> Verbs { get; } = [.. RoughVerbs, .. GentleVerbs];
}
