using System.Text.Json.Nodes;

namespace Ballast.Data.Parquet;

/// <summary>Puts rows together from the entries of all columns, by the levels of the Dremel paper.</summary>
/// <remarks>Structs and maps with text keys become objects, lists arrays, maps with other keys arrays of {key, value}.</remarks>
internal sealed class RowAssembler(SchemaNode root, ColumnReader[] columns)
{
    private const int MaxEntries = 1 << 22;
    private int _entries;

    /// <summary>The next row.</summary>
    public JsonObject Next()
    {
        _entries = 0;
        JsonObject row = Struct(root);
        foreach (ColumnReader column in columns)
        {
            if (column.Repetition != 0)
            {
                throw new InvalidDataException("the columns disagree on where a row ends");
            }
        }

        return row;
    }

    private JsonObject Struct(SchemaNode group)
    {
        JsonObject value = [];
        foreach (SchemaNode field in group.Children)
        {
            value.Add(field.Element.Name, Field(field));
        }

        return value;
    }

    /// <summary>A field wherever it stands: a repeated one without list annotation is a list.</summary>
    private JsonNode? Field(SchemaNode field) => field.Element.Repetition == Repetition.Repeated ? List(field, Present) : Value(field);

    /// <summary>A required or optional field.</summary>
    private JsonNode? Value(SchemaNode field)
    {
        if (columns[field.Column].Definition < field.MaxDefinition)
        {
            TakeEmpty(field);
            return null;
        }

        return Present(field);
    }

    /// <summary>The value of a field that is there.</summary>
    private JsonNode? Present(SchemaNode field)
    {
        if (field.Element.Type is not null)
        {
            return Take(field);
        }

        SchemaNode? items = field.Children is [{ Element.Repetition: Repetition.Repeated } only] ? only : null;
        return field.Element.Logical switch
        {
            LogicalType.List when items is not null => List(items, IsElementItself(field, items) ? Present : item => Value(item.Children[0])),
            LogicalType.Map when items is { Children.Count: 2 } => Map(items),
            _ => Struct(field),
        };
    }

    private JsonArray List(SchemaNode repeated, Func<SchemaNode, JsonNode?> item)
    {
        JsonArray list = [];
        ColumnReader first = columns[repeated.Column];
        if (first.Definition < repeated.MaxDefinition)
        {
            TakeEmpty(repeated);
            return list;
        }

        do
        {
            list.Add(item(repeated));
        }
        while (!first.AtEnd && first.Repetition == repeated.MaxRepetition);
        return list;
    }

    private JsonNode Map(SchemaNode entries)
    {
        JsonArray pairs = List(entries, Struct);
        string key = entries.Children[0].Element.Name;
        if (entries.Children[0].Element.Logical != LogicalType.Text)
        {
            return pairs;
        }

        JsonObject map = [];
        foreach (JsonNode? pair in pairs)
        {
            JsonObject entry = pair!.AsObject();
            JsonNode? value = entry[entries.Children[1].Element.Name];
            entry.Remove(entries.Children[1].Element.Name);
            map[entry[key]?.GetValue<string>() ?? throw new InvalidDataException("a map has a null key")] = value;
        }

        return map;
    }

    /// <summary>The format's rules for lists of older writers: no wrapper around the items, or one that is itself the item.</summary>
    private static bool IsElementItself(SchemaNode list, SchemaNode repeated) =>
        repeated.Element.Type is not null
        || repeated.Children.Count > 1
        || repeated.Children[0].Element.Repetition == Repetition.Repeated
        || repeated.Element.Name == "array"
        || repeated.Element.Name == list.Element.Name + "_tuple";

    /// <summary>Takes the single entry that stands for an absent field in each of its columns.</summary>
    private void TakeEmpty(SchemaNode field)
    {
        foreach (SchemaNode leaf in field.Leaves)
        {
            Take(leaf);
        }
    }

    private JsonNode? Take(SchemaNode leaf)
    {
        if (++_entries > MaxEntries)
        {
            throw new InvalidDataException($"a row has more than {MaxEntries} values");
        }

        return columns[leaf.Column].Take();
    }
}
