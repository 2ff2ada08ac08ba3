namespace Ballast.Chat.Jinja;

/// <summary>Assignment to a name, to the names of a tuple, or to an attribute of a namespace.</summary>
internal static class Assignment
{
    public static void Assign(Expression target, object? value, Scope scope, Budget budget)
    {
        switch (target)
        {
            case Name name:
                scope.Set(name.Id, value);
                break;
            case TupleDisplay tuple:
                List<object?> items = Values.ToList(value, budget);
                if (items.Count != tuple.Items.Count)
                {
                    throw new JinjaException($"expected {tuple.Items.Count} values to unpack, got {items.Count}");
                }

                for (int i = 0; i < items.Count; i++)
                {
                    Assign(tuple.Items[i], items[i], scope, budget);
                }

                break;
            case AttributeAccess { Owner: Name owner } attribute:
                NamespaceValue space = scope.Get(owner.Id) as NamespaceValue
                    ?? throw new JinjaException($"cannot assign attribute '{attribute.Member}' on '{owner.Id}', which is not a namespace");
                space.Attributes[attribute.Member] = attribute.Member.StartsWith('_')
                    ? throw new JinjaException($"chat templates cannot store underscore-prefixed attributes on a namespace, but got '{attribute.Member}'")
                    : value;
                break;
            default:
                throw new JinjaException("cannot assign to this expression");
        }
    }
}
