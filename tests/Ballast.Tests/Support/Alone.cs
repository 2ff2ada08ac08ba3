using Xunit;

namespace Ballast.Tests.Support;

/// <summary>Tests that look at the whole process (live tensors, environment): they run one after the other, after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public class Alone
{
    public const string Name = "alone";
}
