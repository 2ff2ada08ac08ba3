using Xunit;

namespace Ballast.Tests;

public class SmokeTests
{
    [Fact]
    public void A_user_fault_carries_its_one_line() => Assert.Equal("a.yaml:1:1: bad", new ConfigException("a.yaml:1:1: bad").Message);
}
