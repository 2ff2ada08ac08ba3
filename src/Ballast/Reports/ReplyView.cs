namespace Ballast.Reports;

/// <summary>What one model answered, for replies shown side by side.</summary>
/// <param name="Heading">Whose reply it is.</param>
/// <param name="Badge">The verdict in a word or two.</param>
/// <param name="IsBad">Whether the verdict is the unwanted one; colors the badge.</param>
/// <param name="Text">The reply; hostile text is shown as it is.</param>
public sealed record ReplyView(string Heading, string Badge, bool IsBad, string Text);
