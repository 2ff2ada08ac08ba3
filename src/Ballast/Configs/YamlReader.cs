using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ballast.Configs;

/// <summary>Turns YAML events into a tree of values that remembers line and column; strict, and without reflection.</summary>
/// <remarks>
/// Refused with line and column: a key given twice, anchors, aliases, tags, a second document, an empty file. The file may hold 1 MiB,
/// 64 levels and keys of 200 characters.
/// </remarks>
internal static class YamlReader
{
    private const int MaxBytes = 1 << 20;
    private const int MaxDepth = 64;
    private const int MaxKeyLength = 200;

    /// <summary>Reads a file.</summary>
    /// <exception cref="ConfigException">The file is absent, too large, not UTF-8 or not the YAML that is allowed here.</exception>
    public static ConfigTree Read(string path)
    {
        try
        {
            long bytes = new FileInfo(path).Length;
            return bytes <= MaxBytes
                ? Parse(new System.Text.UTF8Encoding(false, true).GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF'), path)
                : throw new ConfigException($"{path}: the file has {bytes} bytes, a configuration has at most {MaxBytes}");
        }
        catch (System.Text.DecoderFallbackException fault)
        {
            throw new ConfigException($"{path}: the file is not UTF-8 text (byte {fault.Index})", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>Reads text; <paramref name="file"/> names it in messages.</summary>
    /// <exception cref="ConfigException">The text is not the YAML that is allowed here.</exception>
    public static ConfigTree Parse(string text, string file)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            return new Reading(parser, file).Document();
        }
        catch (YamlException fault)
        {
            throw new ConfigException($"{file}:{fault.Start.Line}:{fault.Start.Column}: not valid YAML: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
        catch (InvalidOperationException fault)
        {
            // The scanner's answer to some damaged text, a bug of YamlDotNet 16.3.
            Mark near = parser.Current?.End ?? Mark.Empty;
            throw new ConfigException($"{file}:{near.Line}:{near.Column}: not valid YAML after this place", fault);
        }
    }

    private sealed class Reading(Parser parser, string file)
    {
        private readonly Dictionary<string, string> _places = [];

        public ConfigTree Document()
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
            {
                throw new ConfigException($"{file}: the file is empty");
            }

            parser.Consume<DocumentStart>();
            JsonNode? root = Node("", 0);
            parser.Consume<DocumentEnd>();
            return parser.Accept<StreamEnd>(out _) ? new ConfigTree(file, root, _places)
                : throw Fault(parser.Current!.Start, "a second document is not allowed");
        }

        private JsonNode? Node(string path, int depth)
        {
            parser.Accept<ParsingEvent>(out ParsingEvent? current);
            Mark mark = current!.Start;
            _places.TryAdd(path, Place(mark));
            if (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false })
            {
                throw Fault(mark, "anchors and aliases are not allowed; write the value out");
            }

            if (current is NodeEvent { Tag.IsEmpty: false } tagged)
            {
                throw Fault(mark, $"the tag '{tagged.Tag}' is not allowed");
            }

            if (depth > MaxDepth)
            {
                throw Fault(mark, $"nested deeper than {MaxDepth} levels");
            }

            if (parser.TryConsume<Scalar>(out var scalar))
            {
                return scalar.Style == ScalarStyle.Plain ? PlainScalar.Read(scalar.Value) : JsonValue.Create(scalar.Value);
            }

            return parser.TryConsume<SequenceStart>(out _) ? List(path, depth) : Map(path, depth);
        }

        private JsonArray List(string path, int depth)
        {
            var array = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                array.Add(Node($"{path}[{array.Count}]", depth + 1));
            }

            return array;
        }

        private JsonObject Map(string path, int depth)
        {
            parser.Consume<MappingStart>();
            var map = new JsonObject();
            var keys = new Dictionary<string, string>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                if (!parser.TryConsume<Scalar>(out var key))
                {
                    throw Fault(parser.Current!.Start, "a key must be plain text, without anchors, aliases or nesting");
                }

                if (!key.Anchor.IsEmpty || !key.Tag.IsEmpty || key.Value.Length is 0 or > MaxKeyLength || key.Value == "<<" || key.Value.Any(char.IsControl))
                {
                    throw Fault(key.Start, $"a key must be one line of 1 to {MaxKeyLength} characters, without anchors, tags or merging");
                }

                if (!keys.TryAdd(key.Value, Place(key.Start)))
                {
                    throw Fault(key.Start, $"the key '{key.Value}' is given twice, first at {keys[key.Value]}");
                }

                string below = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
                _places.TryAdd(below, Place(key.Start));
                map[key.Value] = Node(below, depth + 1);
            }

            return map;
        }

        private string Place(Mark mark) => $"{file}:{mark.Line}:{mark.Column}";

        private ConfigException Fault(Mark mark, string reason) => new($"{Place(mark)}: {reason}");
    }
}
