using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Ballast.Configs;

/// <summary>What the keys of a recipe mean, from the compiler's documentation file of this library.</summary>
public sealed partial class RecipeDocs
{
    private readonly Dictionary<string, XElement> _members;

    /// <summary>Reads Ballast.xml.</summary>
    public RecipeDocs(Stream xml) => _members = XDocument.Load(xml).Descendants("member").ToDictionary(member => (string)member.Attribute("name")!, StringComparer.Ordinal);

    /// <summary>What a section is.</summary>
    public string Summary(Type section) => Text(Member($"T:{section.FullName}").Element("summary"));

    /// <summary>What a key of a section means; the key as it stands in recipes.</summary>
    public string Key(Type section, string key) =>
        Text(Member($"T:{section.FullName}").Elements("param").FirstOrDefault(param => Name((string)param.Attribute("name")!) == key));

    /// <summary>What one of an enum's values means, as it stands in recipes.</summary>
    public string Value(Type type, string value)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return Text(Member($"F:{plain.FullName}.{Enum.GetNames(plain).Single(name => Name(name) == value)}").Element("summary"));
    }

    private static string Name(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private XElement Member(string name) => _members.TryGetValue(name, out var member) ? member : throw new InvalidOperationException($"{name} has no documentation");

    private static string Text(XElement? element) => element is null ? "" : Blanks().Replace(string.Concat(element.Nodes().Select(Piece)), " ").Trim();

    private static string Piece(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "paramref" } key => Name((string)key.Attribute("name")!),
        XElement { Name.LocalName: "see" } see => Name(((string?)see.Attribute("cref") ?? "").Split('.')[^1]),
        XElement inner => inner.Value,
        _ => "",
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
