using Ballast.Checkpoints;
using Xunit;

namespace Ballast.Tests.Checkpoints;

public class Blake3Tests
{
    /// <summary>The official test vectors: bytes 0, 1, ..., 250, 0, 1, ...</summary>
    [Theory]
    [InlineData(0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")]
    [InlineData(1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11")]
    [InlineData(1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7")]
    [InlineData(1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444")]
    [InlineData(2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a")]
    [InlineData(3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3")]
    [InlineData(8192, "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63")]
    [InlineData(8193, "bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b")]
    [InlineData(31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47")]
    [InlineData(102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085")]
    public void Hashes_are_those_of_the_specification(int length, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(Blake3.Hash(Pattern(length))));

    [Theory]
    [InlineData(4096, 2)]
    [InlineData(16384, 100_000)]
    [InlineData(1 << 20, (1 << 22) + 77)]
    public void Parts_give_the_hash_of_the_whole(int partBytes, int length)
    {
        byte[] data = Pattern(length);
        List<uint[]> parts = [];
        for (int at = 0; at < length; at += partBytes)
        {
            byte[] part = data[at..Math.Min(length, at + partBytes)];
            int chunks = (part.Length + Blake3.ChunkBytes - 1) / Blake3.ChunkBytes;
            uint[] values = new uint[chunks * 8];
            Blake3.Chunks(part, at / Blake3.ChunkBytes, values);
            parts.Add(values[..(Blake3.Reduce(values, chunks) * 8)]);
        }

        Assert.Equal(Blake3.Hash(data), Blake3.Digest(parts, data));
    }

    private static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))];
}
