using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ballast.Configs;

/// <summary>Turns YAML events into a tree of values that remembers line and column; strict, and without reflection.</summary>
/// <remarks>
/// Refused with line and column: a key given twice, anchors, aliases, tags, a second document, an empty file. The file may hold 1 MiB,
/// 64 levels and keys of 200 characters. Files written for Python programs are read as these read them: anchors, aliases (up to 100,000 values
/// in all), merge keys, and <c>yes</c>, <c>no</c>, <c>on</c> and <c>off</c> as booleans.
/// </remarks>
internal static class YamlReader
{
    private const int MaxBytes = 1 << 20;
    private const int MaxDepth = 64;
    private const int MaxKeyLength = 200;
    private const int MaxCopiedValues = 100_000;

    /// <summary>Reads a file; <paramref name="python"/> asks for the dialect of Python programs.</summary>
    /// <exception cref="ConfigException">The file is absent, too large, not UTF-8 or not the YAML that is allowed here.</exception>
    public static ConfigTree Read(string path, bool python = false)
    {
        try
        {
            long bytes = new FileInfo(path).Length;
            return bytes <= MaxBytes
                ? Parse(new System.Text.UTF8Encoding(false, true).GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF'), path, python)
                : throw new ConfigException($"{path}: the file has {bytes} bytes, a configuration has at most {MaxBytes}");
        }
        catch (System.Text.DecoderFallbackException fault)
        {
            throw new ConfigException($"{path}: the file is not UTF-8 text (byte {fault.Index})", fault);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigException($"{path}: no such file", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>Reads text; <paramref name="file"/> names it in messages.</summary>
    /// <exception cref="ConfigException">The text is not the YAML that is allowed here.</exception>
    public static ConfigTree Parse(string text, string file, bool python = false)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            return new Reading(parser, file, python).Document();
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

    private sealed class Reading(Parser parser, string file, bool python)
    {
        private readonly Dictionary<string, string> _places = [];
        private readonly Dictionary<string, JsonNode?> _anchors = [];
        private readonly HashSet<string> _anchored = [];
        private int _copied;

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
            return parser.Accept<StreamEnd>(out _) ? new ConfigTree(file, root, _places, _anchored)
                : throw Fault(parser.Current!.Start, "a second document is not allowed");
        }

        private JsonNode? Node(string path, int depth)
        {
            parser.Accept<ParsingEvent>(out ParsingEvent? current);
            Mark mark = current!.Start;
            _places.TryAdd(path, Place(mark));
            if (!python && (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false }))
            {
                throw Fault(mark, "anchors and aliases are not allowed; write the value out");
            }

            if (parser.TryConsume<AnchorAlias>(out var alias))
            {
                return Copy(alias);
            }

            if (current is NodeEvent { Tag.IsEmpty: false } tagged)
            {
                throw Fault(mark, $"the tag '{tagged.Tag}' is not allowed");
            }

            if (depth > MaxDepth)
            {
                throw Fault(mark, $"nested deeper than {MaxDepth} levels");
            }

            AnchorName anchor = ((NodeEvent)current).Anchor;
            JsonNode? node = parser.TryConsume<Scalar>(out var scalar)
                ? scalar.Style != ScalarStyle.Plain ? JsonValue.Create(scalar.Value) : python ? PlainScalar.ReadPython(scalar.Value) : PlainScalar.Read(scalar.Value)
                : parser.TryConsume<SequenceStart>(out _) ? List(path, depth) : Map(path, depth);
            if (!anchor.IsEmpty)
            {
                _anchors[anchor.Value] = node;
                _anchored.Add(path);
            }

            return node;
        }

        private JsonNode? Copy(AnchorAlias alias)
        {
            if (!_anchors.TryGetValue(alias.Value.Value, out JsonNode? node))
            {
                throw Fault(alias.Start, $"the alias '*{alias.Value.Value}' stands for no value before it");
            }

            _copied += Size(node);
            return _copied <= MaxCopiedValues ? node?.DeepClone() : throw Fault(alias.Start, $"aliases make more than {MaxCopiedValues} values");
        }

        private static int Size(JsonNode? node) => 1 + node switch
        {
            JsonObject map => map.Sum(p => Size(p.Value)),
            JsonArray list => list.Sum(Size),
            _ => 0,
        };

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
            var merged = new List<JsonNode?>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                if (!parser.TryConsume<Scalar>(out var key))
                {
                    throw Fault(parser.Current!.Start, "a key must be plain text, without anchors, aliases or nesting");
                }

                if (python && key.Value == "<<")
                {
                    merged.Add(Node(path, depth + 1));
                    continue;
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

            Merge(map, merged, parser.Current!.Start);
            return map;
        }

        /// <summary>Keys merged in stand behind the mapping's own, and earlier ones before later ones.</summary>
        private void Merge(JsonObject map, IEnumerable<JsonNode?> merged, Mark mark)
        {
            foreach (JsonNode? part in merged.SelectMany(node => node is JsonArray list ? list.ToArray() : [node]))
            {
                foreach ((string key, JsonNode? value) in part as JsonObject ?? throw Fault(mark, "'<<' takes a mapping or a list of mappings"))
                {
                    if (!map.ContainsKey(key))
                    {
                        map[key] = value?.DeepClone();
                    }
                }
            }
        }

        private string Place(Mark mark) => $"{file}:{mark.Line}:{mark.Column}";

        private ConfigException Fault(Mark mark, string reason) => new($"{Place(mark)}: {reason}");
    }
}
