namespace Ballast.Reports;

/// <summary>Finds room for the labels of a chart: beside its point, where it covers least of what is drawn and labeled already.</summary>
/// <param name="left">Left edge of the plot.</param>
/// <param name="right">Right edge of the plot.</param>
/// <param name="bottom">Lower edge of the plot.</param>
internal sealed class LabelPlaces(double left, double right, double bottom)
{
    private const double LetterWidth = 5.8;   // of the 11 px letters of labels, on average
    private const double Ascent = 9;
    private const double Descent = 3;
    private const double Far = 1e6;

    private static readonly (double X, double Y)[] s_places = [(8, -7), (8, 16), (-8, -7), (-8, 16), (8, -20), (-8, -20), (8, 29), (-8, 29), (16, 4), (-16, 4)];

    private readonly List<Box> _taken = [new(-Far, -Far, Far, 0), new(-Far, -Far, left, Far), new(right, -Far, Far, Far), new(-Far, bottom, Far, Far)];

    /// <summary>Keeps labels off a mark.</summary>
    public void Take(double x, double y, double width, double height) => _taken.Add(new(x - (width / 2), y - (height / 2), x + (width / 2), y + (height / 2)));

    /// <summary>The label as SVG, at the best of ten places around a point; the first of equal ones.</summary>
    public string Put(double x, double y, string words)
    {
        var (dx, dy) = s_places.MinBy(place => _taken.Sum(BoxAt(place).Overlap));
        _taken.Add(BoxAt((dx, dy)));
        return SvgShape.Text(x + dx, y + dy, dx < 0 ? "end" : "start", words);

        Box BoxAt((double X, double Y) place)
        {
            double width = LetterWidth * words.Length, start = x + place.X - (place.X < 0 ? width : 0);
            return new(start, y + place.Y - Ascent, start + width, y + place.Y + Descent);
        }
    }

    private readonly record struct Box(double Left, double Top, double Right, double Bottom)
    {
        public double Overlap(Box other) =>
            Math.Max(0, Math.Min(Right, other.Right) - Math.Max(Left, other.Left)) * Math.Max(0, Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top));
    }
}
