using System.Runtime.CompilerServices;

namespace Ballast.Tensors;

/// <summary>A dense array in libtorch's memory. Disposing it frees the memory once no view of it is left.</summary>
public sealed class Tensor : IDisposable
{
    private static readonly DType[] s_codes = [DType.F32, DType.BF16, DType.F64, DType.F16, DType.I64, DType.I32, DType.U8, DType.Bool];

    internal Tensor(TensorHandle handle)
    {
        Handle = handle;
        Native.Check(Native.ballast_rank(handle, out int rank));
        Shape = new long[rank];
        Native.Check(Native.ballast_shape(handle, Shape));
        Native.Check(Native.ballast_kind(handle, out int dtype, out int device));
        DType = s_codes[dtype];
        Device = new Device(device - 1);
        Count = 1;
        foreach (long size in Shape)
        {
            Count *= size;
        }
    }

    /// <summary>Sizes, outermost first.</summary>
    public long[] Shape { get; }

    /// <summary>Element type: F32, BF16, F64, F16, I64, I32, U8 or Bool.</summary>
    public DType DType { get; }

    /// <summary>Where the elements are.</summary>
    public Device Device { get; }

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    internal TensorHandle Handle { get; }

    /// <summary>Number of native tensors that are alive in the process.</summary>
    public static long Live => Native.ballast_live();

    /// <summary>A tensor with undefined values.</summary>
    /// <exception cref="TorchException">Memory ran out.</exception>
    public static Tensor Empty(DType dtype, Device device, params ReadOnlySpan<long> shape)
    {
        TorchLibrary.Load();
        Native.Check(Native.ballast_empty(shape, shape.Length, Code(dtype), device.Code, out var handle));
        return new Tensor(handle);
    }

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(DType dtype, Device device, params ReadOnlySpan<long> shape)
    {
        var tensor = Empty(dtype, device, shape);
        tensor.Fill(0);
        return tensor;
    }

    /// <summary>A tensor on the CPU with a copy of the values; T is float, double, long, int or byte.</summary>
    public static Tensor From<T>(ReadOnlySpan<T> values, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        var tensor = Empty(TypeOf<T>(), Device.Cpu, shape);
        values.CopyTo(tensor.Span<T>());
        return tensor;
    }

    /// <summary>A copy of the values on a device.</summary>
    /// <remarks>From the CPU to a CUDA device the host does not wait for the copy.</remarks>
    public Tensor To(Device device, DType? dtype = null)
    {
        if (Device.IsCpu && !device.IsCpu && (dtype ?? DType) == DType)
        {
            Native.Check(Native.ballast_upload(Handle, device.Code, out var handle));
            return new Tensor(handle);
        }

        var copy = Empty(dtype ?? DType, device, Shape);
        copy.CopyFrom(this);
        return copy;
    }

    /// <summary>The elements themselves: changes are seen by the tensor. Only for a contiguous tensor on the CPU with fewer than 2^31 elements.</summary>
    public unsafe Span<T> Span<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() * 8L != DType.BitSize)
        {
            throw new ArgumentException($"elements are {DType}, asked for {typeof(T).Name}");
        }

        return new Span<T>(Data, checked((int)Count));
    }

    /// <summary>A copy of the elements, converted to T (float, double, long, int or byte); where they are on a CUDA device the host waits for it.</summary>
    public unsafe T[] ToArray<T>()
        where T : unmanaged
    {
        var values = new T[Count];
        fixed (T* to = values)
        {
            Native.Check(Native.ballast_read(Handle, Code(TypeOf<T>()), to));
        }

        return values;
    }

    /// <summary>The address of the first element; only for a contiguous tensor on the CPU.</summary>
    public unsafe void* Data
    {
        get
        {
            Native.Check(Native.ballast_data(Handle, out nint data));
            return (void*)data;
        }
    }

    /// <summary>The same elements under another shape of the same count.</summary>
    public Tensor View(params ReadOnlySpan<long> shape)
    {
        Native.Check(Native.ballast_view(Handle, shape, shape.Length, out var handle));
        return new Tensor(handle);
    }

    /// <summary>The elements <paramref name="start"/> to start + length - 1 of a dimension, without a copy.</summary>
    public Tensor Narrow(int dim, long start, long length)
    {
        Native.Check(Native.ballast_narrow(Handle, dim, start, length, out var handle));
        return new Tensor(handle);
    }

    /// <summary>Overwrites the elements with those of another tensor of the same shape, of any dtype and device.</summary>
    public void CopyFrom(Tensor from) => Native.Check(Native.ballast_copy(Handle, from.Handle));

    /// <summary>Sets every element.</summary>
    public void Fill(double value) => Native.Check(Native.ballast_fill(Handle, value));

    /// <summary>Draws every element from N(0, deviation^2) with a fixed generator: equal for every libtorch and thread count.</summary>
    public void FillNormal(double deviation, ulong seed) => Native.Check(Native.ballast_normal(Handle, deviation, seed));

    /// <summary>The rows (first dimension) with the given I64 numbers, as a new tensor.</summary>
    public Tensor Rows(Tensor rows)
    {
        Native.Check(Native.ballast_index_select(Handle, rows.Handle, out var handle));
        return new Tensor(handle);
    }

    /// <summary>Sets row rows[i] to row i of <paramref name="from"/>.</summary>
    public void SetRows(Tensor rows, Tensor from) => Native.Check(Native.ballast_set_rows(Handle, rows.Handle, from.Handle));

    /// <summary>Adds factor times another tensor.</summary>
    public void Add(Tensor x, double factor = 1) => Native.Check(Native.ballast_add(Handle, x.Handle, factor));

    /// <summary>Multiplies every element.</summary>
    public void Scale(double factor) => Native.Check(Native.ballast_scale(Handle, factor));

    /// <summary>Multiplies each element by that of another tensor, which is repeated over the rows if it is a vector.</summary>
    public void Multiply(Tensor x) => Native.Check(Native.ballast_mul(Handle, x.Handle));

    /// <summary>Divides each element by that of another tensor, which is repeated over the rows if it is a vector.</summary>
    public void Divide(Tensor x) => Native.Check(Native.ballast_div(Handle, x.Handle));

    /// <summary>The same elements of a matrix with rows and columns exchanged, without a copy; not contiguous.</summary>
    public Tensor Transposed()
    {
        Native.Check(Native.ballast_transpose(Handle, out var handle));
        return new Tensor(handle);
    }

    /// <summary>The thin singular value decomposition U diag(S) Vt of a matrix [n, d], k = min(n, d): U [n, k], S [k] falling, Vt [k, d].</summary>
    public (Tensor U, Tensor S, Tensor Vt) Svd()
    {
        Native.Check(Native.ballast_svd(Handle, out var u, out var s, out var vt));
        return (new Tensor(u), new Tensor(s), new Tensor(vt));
    }

    /// <summary>Moves every element towards another tensor: this += weight (x - this).</summary>
    public void Lerp(Tensor x, double weight) => Native.Check(Native.ballast_lerp(Handle, x.Handle, weight));

    /// <summary>The inner product with another tensor, summed in float64.</summary>
    public double Dot(Tensor other)
    {
        Native.Check(Native.ballast_dot(Handle, other.Handle, out double result));
        return result;
    }

    /// <summary>The Euclidean distance to another tensor, summed in float64.</summary>
    public double Distance(Tensor other)
    {
        Native.Check(Native.ballast_distance(Handle, other.Handle, out double result));
        return result;
    }

    /// <summary>The sum of squares in float64; not finite if an element is not.</summary>
    public double SquareSum()
    {
        Native.Check(Native.ballast_square_sum(Handle, out double result));
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();

    private static int Code(DType dtype)
    {
        int code = Array.IndexOf(s_codes, dtype);
        return code >= 0 ? code : throw new ArgumentException($"the engine does not compute with {dtype}; it knows {string.Join(", ", s_codes)}");
    }

    private static DType TypeOf<T>() => default(T) switch
    {
        float => DType.F32,
        double => DType.F64,
        long => DType.I64,
        int => DType.I32,
        byte => DType.U8,
        _ => throw new ArgumentException($"{typeof(T).Name} is not an element type; use float, double, long, int or byte"),
    };
}
