using System.Globalization;

namespace Ballast;

/// <summary>What this machine, or the container around this process, has to give.</summary>
public static class Machine
{
    private const string CgroupFolder = "/sys/fs/cgroup";

    /// <summary>Main memory in bytes: the machine's, or the container's limit where that is lower.</summary>
    public static long TotalMemory => Math.Min(Info("MemTotal") ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Limit ?? long.MaxValue);

    /// <summary>Main memory in bytes that can be had now without pushing anything else out.</summary>
    public static long AvailableMemory => Math.Min(
        Info("MemAvailable") ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        Limit is { } limit ? Math.Max(0, limit - Used()) : long.MaxValue);

    /// <summary>The most memory that this process had at a time, in bytes.</summary>
    public static long PeakMemory => Field("/proc/self/status", "VmHWM") ?? Environment.WorkingSet;

    private static long? Limit => Number("memory.max") ?? Number("memory/memory.limit_in_bytes");

    // Cached files count as used by a container, but give way.
    private static long Used()
    {
        long used = Number("memory.current") ?? Number("memory/memory.usage_in_bytes") ?? 0;
        string file = Path.Combine(CgroupFolder, "memory.stat");
        string? cached = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("inactive_file ", StringComparison.Ordinal)) : null;
        return used - (cached is null ? 0 : long.Parse(cached.AsSpan(14), CultureInfo.InvariantCulture));
    }

    private static long? Number(string name)
    {
        string file = Path.Combine(CgroupFolder, name);
        return File.Exists(file) && long.TryParse(File.ReadAllText(file).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
    }

    private static long? Info(string name) => Field("/proc/meminfo", name);

    // "MemTotal:       16314520 kB"
    private static long? Field(string file, string name)
    {
        string? line = OperatingSystem.IsLinux() && File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal)) : null;
        return line is null ? null : 1024 * long.Parse(line.AsSpan(name.Length + 1).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture);
    }
}
