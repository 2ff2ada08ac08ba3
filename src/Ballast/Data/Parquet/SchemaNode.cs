using Ballast.Checkpoints;

namespace Ballast.Data.Parquet;

/// <summary>A field of the schema tree with its Dremel levels.</summary>
internal sealed class SchemaNode
{
    private const int MaxDepth = 32;
    private const int MaxColumns = 100_000;
    private const int MaxNameLength = 1_000;

    private readonly SchemaNode? _parent;

    private SchemaNode(SchemaElement element, SchemaNode? parent)
    {
        Element = element;
        _parent = parent;
        MaxDefinition = (parent?.MaxDefinition ?? 0) + (element.Repetition == Repetition.Required ? 0 : 1);
        MaxRepetition = (parent?.MaxRepetition ?? 0) + (element.Repetition == Repetition.Repeated ? 1 : 0);
    }

    /// <summary>Name, storage and meaning.</summary>
    public SchemaElement Element { get; }

    /// <summary>Names from the root, joined by dots; empty for the root.</summary>
    public string Path => _parent is null ? "" : _parent._parent is null ? Element.Name : $"{_parent.Path}.{Element.Name}";

    /// <summary>Definition level at which this field is present.</summary>
    public int MaxDefinition { get; }

    /// <summary>Repetition level of a further item of the innermost list around or at this field.</summary>
    public int MaxRepetition { get; }

    /// <summary>The fields of a group, empty for a leaf.</summary>
    public IReadOnlyList<SchemaNode> Children { get; private set; } = [];

    /// <summary>The leaves below in order; a leaf has itself.</summary>
    public IReadOnlyList<SchemaNode> Leaves { get; private set; } = [];

    /// <summary>Position of a leaf among all leaves, which is its column in each row group; of a group, that of its first leaf.</summary>
    public int Column { get; private set; }

    /// <summary>Builds the tree; the first line is the root.</summary>
    /// <exception cref="InvalidDataException">The lines make no tree, nest deeper than 32, or name a field twice.</exception>
    public static SchemaNode Build(IReadOnlyList<SchemaElement> lines)
    {
        if (lines.Count < 2 || lines.Count > MaxColumns)
        {
            throw new InvalidDataException($"the schema has {lines.Count} lines, expected 2 to {MaxColumns}");
        }

        int next = 0;
        int columns = 0;
        SchemaNode root = Build(lines, ref next, ref columns, null, 0);
        return next == lines.Count ? root : throw new InvalidDataException("the schema has lines that belong to no field");
    }

    private static SchemaNode Build(IReadOnlyList<SchemaElement> lines, ref int next, ref int columns, SchemaNode? parent, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new InvalidDataException($"the schema is nested deeper than {MaxDepth}");
        }

        if (next == lines.Count)
        {
            throw new InvalidDataException("the schema ends within a group");
        }

        // Writers give the root any repetition; it takes part in no level.
        SchemaElement element = parent is null ? lines[next++] with { Repetition = Repetition.Required } : lines[next++];
        if (element.Name.Length > MaxNameLength)
        {
            throw new InvalidDataException($"a field name has {element.Name.Length} characters, more than {MaxNameLength}");
        }

        SchemaNode node = new(element, parent) { Column = columns };
        if (element.Type is not null)
        {
            if (element.Children != 0 || (element.Type == PhysicalType.FixedLenByteArray && element.TypeLength < 1))
            {
                throw new InvalidDataException($"field {PrintableName.Quote(node.Path)} has children or no length, which its type does not allow");
            }

            columns++;
            node.Leaves = [node];
            return node;
        }

        if (element.Children < 1)
        {
            throw new InvalidDataException($"group {PrintableName.Quote(node.Path)} has no fields");
        }

        List<SchemaNode> children = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < element.Children; i++)
        {
            SchemaNode child = Build(lines, ref next, ref columns, node, depth + 1);
            children.Add(names.Add(child.Element.Name) ? child : throw new InvalidDataException($"field {PrintableName.Quote(child.Path)} appears twice"));
        }

        node.Children = children;
        node.Leaves = [.. children.SelectMany(c => c.Leaves)];
        return node;
    }
}
