namespace Ballast.Training;

/// <summary>Where a run begins when its folder holds one already.</summary>
/// <param name="Allowed">Whether a run that was begun may go on; else the folder must be free.</param>
/// <param name="From">The checkpoint, or the run folder with it, to go on from; null: the newest valid one of the run's own.</param>
public sealed record Resume(bool Allowed, string? From = null)
{
    /// <summary>Goes on where the run stopped, begins where there is none, and does nothing where it is complete.</summary>
    public static Resume Auto { get; } = new(true);

    /// <summary>Only begins: a folder with files is refused.</summary>
    public static Resume Never { get; } = new(false);

    /// <summary>Reads auto, never or a path.</summary>
    public static Resume Parse(string text) => text switch { "auto" => Auto, "never" => Never, _ => new Resume(true, text) };
}
