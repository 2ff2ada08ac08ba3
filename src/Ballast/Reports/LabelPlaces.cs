namespace Ballast.Reports;

/// <summary>Finds room for the labels of a chart: beside its point, where it covers least of what is drawn and labelled already.</summary>
/// <param name="left">Left edge of the plot.</param>
/// <param name="right">Right edge of the plot.</param>
/// <param name="bottom">Lower edge of the plot.</param>
internal sealed class LabelPlaces(double left, double right, double bottom)
{
    private const double LetterWidth = 5.8;   // of the 11 px letters of labels, on average
    private const double Ascent = 9;
    private const double Descent = 3;

    private readonly List<Box> _taken = [];

    /// <summary>Keeps labels off a mark.</summary>
    public void Take(double x, double y, double width, double height) => _taken.Add(new(x - (width / 2), y - (height / 2), x + (width / 2), y + (height / 2)));

    /// <summary>The label as SVG, at the best of eight places around a point.</summary>
    public string Put(double x, double y, string words)
    {
        double width = LetterWidth * words.Length;
        var (anchor, box) = new (string Anchor, double X, double Y)[]
        {
            ("start", x + 8, y - 7), ("start", x + 8, y + 16), ("end", x - 8, y - 7), ("end", x - 8, y + 16), ("start", x + 8, y - 20), ("start", x + 8, y + 29), ("start", x + 16, y + 4), ("end", x - 16, y + 4),
        }.Select(place => (place.Anchor, Box: new Box(place.Anchor == "start" ? place.X : place.X - width, place.Y - Ascent, place.Anchor == "start" ? place.X + width : place.X, place.Y + Descent)))
            .MinBy(place => _taken.Sum(place.Box.Overlap) + place.Box.Overlap(new(double.MinValue, double.MinValue, left, double.MaxValue)) + place.Box.Overlap(new(right, double.MinValue, double.MaxValue, double.MaxValue))
                + place.Box.Overlap(new(double.MinValue, bottom, double.MaxValue, double.MaxValue)));
        _taken.Add(box);
        return SvgShape.Text(anchor == "start" ? box.Left : box.Right, box.Bottom - Descent, anchor, words);
    }

    private readonly record struct Box(double Left, double Top, double Right, double Bottom)
    {
        public double Overlap(Box other) =>
            Math.Max(0, Math.Min(Right, other.Right) - Math.Max(Left, other.Left)) * Math.Max(0, Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top));
    }
}
