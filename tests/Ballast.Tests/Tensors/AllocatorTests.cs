using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Tensors;

/// <summary>The CPU's allocator; what it counts and keeps is the process's, so these run alone.</summary>
[Collection(Alone.Name)]
public class AllocatorTests
{
    private const long Large = 64L << 20;

    [Fact]
    public void Tensors_of_many_sizes_that_come_and_go_keep_their_values()
    {
        long before = TorchLibrary.BytesInUse, sum = 0;
        var random = new Random(7);
        var live = new List<(Tensor Tensor, int Value)>();
        for (int i = 0; i < 400; i++)
        {
            if (live.Count > 0 && random.Next(5) < 2)
            {
                int at = random.Next(live.Count);
                Check(live[at]);
                live.RemoveAt(at);
            }

            var tensor = Tensor.Empty(DType.I32, Device.Cpu, 1 + random.Next(3 << 18));
            tensor.Fill(i);
            sum += tensor.Count * 4;
            live.Add((tensor, i));
            if (live.Count > 40)
            {
                Check(live[0]);
                live.RemoveAt(0);
            }
        }

        live.ForEach(Check);
        Assert.True(sum > 400L << 20, "enough was asked for");
        Assert.Equal(before, TorchLibrary.BytesInUse);

        static void Check((Tensor Tensor, int Value) one)
        {
            using (one.Tensor)
            {
                Assert.Equal(-1, one.Tensor.Span<int>().IndexOfAnyExcept(one.Value));
            }
        }
    }

    [Fact]
    public unsafe void Neighbors_that_were_freed_serve_a_larger_tensor_in_their_place()
    {
        Tensor first = Tensor.Empty(DType.U8, Device.Cpu, Large), second = Tensor.Empty(DType.U8, Device.Cpu, Large);
        void* place = first.Data;
        Assert.True((nint)second.Data - (nint)place == (nint)Large, "they lie side by side");
        first.Dispose();
        second.Dispose();
        using var both = Tensor.Empty(DType.U8, Device.Cpu, 2 * Large);
        Assert.True(both.Data == place, "they became one");
    }

    [Fact]
    public void Memory_of_freed_tensors_is_kept_until_it_is_released()
    {
        TorchLibrary.ReleaseMemory();
        long before = Environment.WorkingSet;
        using (var tensor = Tensor.Zeros(DType.U8, Device.Cpu, 4 * Large))
        {
            Assert.InRange(Environment.WorkingSet - before, 4 * Large - (16 << 20), 4 * Large + (16 << 20));
        }

        Assert.InRange(Environment.WorkingSet - before, 4 * Large - (16 << 20), 4 * Large + (16 << 20));
        TorchLibrary.ReleaseMemory();
        Assert.InRange(Environment.WorkingSet - before, -Large, 16 << 20);
    }
}
