using System.Text.Json;
using System.Text.Json.Serialization;
using Ballast.Adapters;
using Ballast.Evaluation.Suites;

namespace Ballast.Configs;

/// <summary>How configurations are bound: snake_case keys, nothing unknown, enums by name, parameters without a default required.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(SnakeCaseEnum<Schedule>), typeof(SnakeCaseEnum<Precision>), typeof(SnakeCaseEnum<EmaMode>), typeof(SnakeCaseEnum<BestMetric>), typeof(SnakeCaseEnum<TooLong>), typeof(SnakeCaseEnum<PromptStyle>), typeof(SnakeCaseEnum<AdapterBias>), typeof(SnakeCaseEnum<LoraInit>)])]
[JsonSerializable(typeof(Recipe))]
internal sealed partial class ConfigContext : JsonSerializerContext;

/// <summary>An enum written as its name in snake_case, never as a number.</summary>
internal sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) where T : struct, Enum;
