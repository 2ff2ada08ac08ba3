using System.Reflection;
using System.Runtime.InteropServices;

namespace Ballast.Tensors;

/// <summary>Finds and loads libballast, the shim over libtorch, and holds the process-wide settings.</summary>
/// <remarks>
/// Sought in this order: the file that BALLAST_NATIVE names, then libballast.so beside the program. Which libtorch it was compiled against was decided by
/// native/build. Before libtorch starts, ATEN_CPU_CAPABILITY is set to the widest instruction set of the processor and OMP_WAIT_POLICY to passive, unless the user has set them.
/// </remarks>
public static partial class TorchLibrary
{
    internal const string Name = "ballast";

    private static readonly Lazy<nint> s_library = new(Open);

    /// <summary>Each file that was sought and what came of it, for `doctor`.</summary>
    public static List<string> Sought { get; } = [];

    /// <summary>libtorch's version.</summary>
    public static string Version => Text(Native.ballast_version);

    /// <summary>libtorch's own description of its build and its threads.</summary>
    public static string Description => Text(Native.ballast_describe);

    /// <summary>The instruction set of our kernels: baseline, avx2 or avx512.</summary>
    public static string Capability => Text(Native.ballast_capability);

    /// <summary>Path of the libtorch that was loaded.</summary>
    public static string LibraryPath => Text(Native.ballast_library);

    /// <summary>Threads that operations use; all cores unless OMP_NUM_THREADS says otherwise.</summary>
    public static int Threads
    {
        get
        {
            Load();
            Native.Check(Native.ballast_threads(0, out int threads));
            return threads;
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            Load();
            Native.Check(Native.ballast_threads(value, out _));
        }
    }

    /// <summary>Number of CUDA devices that libtorch can use.</summary>
    public static int CudaDevices
    {
        get
        {
            Load();
            Native.Check(Native.ballast_cuda(out int devices));
            return devices;
        }
    }

    /// <summary>What a BF16 training step takes on the CUDA devices of this libtorch, in words.</summary>
    public static string CudaStep
    {
        get
        {
            Load();
            var (adamw, attention) = Ops.Fused(Device.Cuda(0));
            return $"{(adamw ? "fused AdamW" : "plain AdamW")}, {(attention ? "flash attention" : "plain attention (libtorch 2.5 or newer has flash)")}";
        }
    }

    /// <summary>The device that runs use: the first CUDA device where libtorch has one, else the CPU; BALLAST_DEVICE=cpu or cuda:N overrides.</summary>
    /// <exception cref="ConfigException">BALLAST_DEVICE names something else or a device that is not there.</exception>
    public static Device DefaultDevice
    {
        get
        {
            string asked = Environment.GetEnvironmentVariable("BALLAST_DEVICE") ?? (CudaDevices > 0 ? "cuda:0" : "cpu");
            if (asked == "cpu")
            {
                return Device.Cpu;
            }

            return asked.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(asked.AsSpan(5), out int index) && index >= 0 && index < CudaDevices
                ? Device.Cuda(index)
                : throw new ConfigException($"BALLAST_DEVICE is '{asked}'; expected cpu or cuda:N with N below the {CudaDevices} CUDA devices found");
        }
    }

    /// <summary>Hands cached memory back to the system.</summary>
    public static void ReleaseMemory()
    {
        Load();
        Native.Check(Native.ballast_release_memory());
    }

    /// <summary>Bytes of all CPU tensors now.</summary>
    public static long BytesInUse => Memory(0, reset: false).InUse;

    /// <summary>The most bytes that CPU tensors had at a time since the start or since <see cref="ResetPeak"/>.</summary>
    public static long PeakBytes => Memory(0, reset: false).Peak;

    /// <summary>Lets the peak begin again at what is in use.</summary>
    public static void ResetPeak() => Memory(0, reset: true);

    /// <summary>Loads the library once.</summary>
    /// <exception cref="ConfigException">It is not there or cannot be loaded; the message says what was tried.</exception>
    public static void Load() => _ = s_library.Value;

    private static (long InUse, long Peak) Memory(long limit, bool reset)
    {
        Load();
        Native.Check(Native.ballast_memory(limit, reset ? 1 : 0, out long inUse, out long peak));
        return (inUse, peak);
    }

    private static string Text(Func<nint> source)
    {
        Load();
        return Marshal.PtrToStringUTF8(source()) ?? "";
    }

    private static nint Open()
    {
        SetUnlessGiven("ATEN_CPU_CAPABILITY", System.Runtime.Intrinsics.X86.Avx512F.IsSupported ? "avx512" : null);
        // Threads that wait by spinning fight with OpenBLAS's own: a small model trains 6 times slower. Sleeping costs a large one about 3 %.
        SetUnlessGiven("OMP_WAIT_POLICY", "passive");
        nint library = 0;
        string[] candidates = [Environment.GetEnvironmentVariable("BALLAST_NATIVE") ?? "", Path.Combine(AppContext.BaseDirectory, "libballast.so")];
        foreach (string file in candidates.Where(file => file.Length > 0))
        {
            if (!File.Exists(file))
            {
                Sought.Add($"{file}: not there");
                continue;
            }

            try
            {
                library = NativeLibrary.Load(file);
                Sought.Add($"{file}: loaded");
                break;
            }
            catch (DllNotFoundException error)
            {
                Sought.Add($"{file}: refused ({error.Message.ReplaceLineEndings(" ")})");
            }
        }

        if (library == 0)
        {
            throw new ConfigException($"libballast.so, the shim over libtorch, could not be loaded: {string.Join("; ", Sought)}; build it with `dotnet build` or set BALLAST_NATIVE");
        }

        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => name == Name ? library : 0);
        Native.Check(Native.ballast_memory(MemoryLimit(), 0, out _, out _));
        if (Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null)
        {
            Native.Check(Native.ballast_threads(Environment.ProcessorCount, out _));  // some builds of libtorch begin with one thread
        }

        return library;
    }

    // More than the machine has ends in the system killing the process without a word; the allocator can say what was asked for.
    private static long MemoryLimit()
    {
        string? asked = Environment.GetEnvironmentVariable("BALLAST_MEMORY");
        return asked is null ? Machine.TotalMemory
            : ByteSize.TryParse(asked, out long bytes) && bytes > 0 ? bytes : throw new ConfigException($"BALLAST_MEMORY is '{asked}'; expected bytes, or a size such as 12GiB");
    }

    // .NET keeps its own copy of the environment: native code sees only what the C library's setenv has set.
    private static void SetUnlessGiven(string variable, string? value)
    {
        if (value is not null && Environment.GetEnvironmentVariable(variable) is null)
        {
            _ = SetEnvironment(variable, value, 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
