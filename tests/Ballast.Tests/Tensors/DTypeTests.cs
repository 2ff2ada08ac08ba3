using Ballast.Tensors;
using Xunit;

namespace Ballast.Tests.Tensors;

public class DTypeTests
{
    [Fact]
    public void Every_type_is_found_again_under_its_safetensors_name()
    {
        foreach (DType type in Enum.GetValues<DType>())
        {
            Assert.True(DTypes.TryParse(type.SafetensorsName, out DType found));
            Assert.Equal(type, found);
            Assert.Equal(type.ToString().ToUpperInvariant(), type.SafetensorsName.Replace("_", "", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("BOOL", 8)]
    [InlineData("U8", 8)]
    [InlineData("I8", 8)]
    [InlineData("F8_E5M2", 8)]
    [InlineData("F8_E4M3", 8)]
    [InlineData("F8_E8M0", 8)]
    [InlineData("F8_E4M3FNUZ", 8)]
    [InlineData("F8_E5M2FNUZ", 8)]
    [InlineData("I16", 16)]
    [InlineData("U16", 16)]
    [InlineData("F16", 16)]
    [InlineData("BF16", 16)]
    [InlineData("I32", 32)]
    [InlineData("U32", 32)]
    [InlineData("F32", 32)]
    [InlineData("C64", 64)]
    [InlineData("F64", 64)]
    [InlineData("I64", 64)]
    [InlineData("U64", 64)]
    [InlineData("F4", 4)]
    [InlineData("F6_E2M3", 6)]
    [InlineData("F6_E3M2", 6)]
    public void Sizes_are_those_of_the_format(string name, int bits)
    {
        Assert.True(DTypes.TryParse(name, out DType type));
        Assert.Equal(bits, type.BitSize);
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("float32")]
    [InlineData("")]
    public void Other_words_are_unknown(string name) => Assert.False(DTypes.TryParse(name, out _));
}
