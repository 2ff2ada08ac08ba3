using Ballast.Generation;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Ballast.Tests.Training;
using Xunit;

namespace Ballast.Tests.Tensors;

/// <summary>The native count of live tensors returns to its start. Other tests make tensors too, so these run alone.</summary>
[Collection(Alone.Name)]
public class LeakTests
{
    [Fact]
    public void I6_failed_calls_leave_the_live_count_as_it_was()
    {
        using var a = Tensor.Zeros(DType.F32, Device.Cpu, 2, 3);
        long before = Tensor.Live;
        Assert.Throws<TorchException>(() => a.View(7));
        Assert.Throws<TorchException>(() => a.Narrow(0, 1, 5));
        Assert.Equal(before, Tensor.Live);
    }

    [Fact]
    public void I1_no_tensor_leaks_over_a_run()
    {
        long before = Tensor.Live;
        using (var model = Decoder.Create(TrainerTests.Tiny, 0, training: true))
        {
            TrainerTests.Train(model, 1);
            long between = Tensor.Live;
            TrainerTests.Train(model, 7);
            Assert.Equal(between, Tensor.Live);
        }

        Assert.Equal(before, Tensor.Live);
    }

    [Fact]
    public void I1_no_tensor_leaks_over_an_interrupted_and_resumed_run()
    {
        using var run = new SmallRun("ema:\n  decay: 0.8\ncheckpoints:\n  every: 2\n", "precision: bfloat16");
        long before = Tensor.Live;
        run.Interrupt("run", SmallRun.Middle);
        Assert.Equal(before, Tensor.Live);
        run.Run("run");
        Assert.Equal(before, Tensor.Live);
    }

    [Fact]
    public void I1_no_tensor_leaks_while_generating()
    {
        using var model = LanguageModel.Load(Shared.Path("data", "tinyllama-stories260K", "hf"));
        model.Generate([[1, 403], [1]], new GenerationOptions(5), null, TestContext.Current.CancellationToken);
        long before = Tensor.Live;
        model.Generate([[1, 403], [1]], new GenerationOptions(9), null, TestContext.Current.CancellationToken);
        Assert.Equal(before, Tensor.Live);
    }
}
