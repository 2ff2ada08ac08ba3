using System.Runtime.InteropServices;

namespace Ballast.Tensors;

/// <summary>Owns one native tensor. The null handle stands for an absent optional tensor.</summary>
internal sealed class TensorHandle : SafeHandle
{
    public TensorHandle()
        : base(0, ownsHandle: true)
    {
    }

    public static TensorHandle None { get; } = new();

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => Native.ballast_free(handle) == 0;
}
