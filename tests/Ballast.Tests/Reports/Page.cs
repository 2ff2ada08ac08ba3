using System.Xml;
using System.Xml.Linq;
using Ballast.Reports;
using Xunit;

namespace Ballast.Tests.Reports;

/// <summary>Reads a report as XML, so that one unescaped character anywhere fails the test.</summary>
internal static class Page
{
    public static XElement Of(HtmlReport report)
    {
        string html = report.Render();
        Assert.DoesNotContain("http:", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("https:", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        using var reader = XmlReader.Create(new StringReader(html), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        XElement page = XElement.Load(reader);
        Assert.DoesNotContain(page.Descendants(), element => element.Attributes().Any(attribute => attribute.Name.LocalName is "src" or "onclick" or "style"
            || (attribute.Name.LocalName == "href" && !attribute.Value.StartsWith('#'))));
        return page;
    }

    public static string[] Texts(XElement page, string element) => [.. page.Descendants(element).Select(found => found.Value)];

    public static XElement Fragment(string html) => XElement.Parse(html);
}
