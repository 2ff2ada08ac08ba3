namespace Ballast.Demo;

/// <summary>A request and its one right answer in the demo's world.</summary>
internal sealed record Dialog(string Request, string Answer);
