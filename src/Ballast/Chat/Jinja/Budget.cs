using System.Runtime.CompilerServices;

namespace Ballast.Chat.Jinja;

/// <summary>Bounds one rendering in time, memory and depth, so that a hostile template ends in one clear error.</summary>
/// <remarks>One step is one evaluated node, half an item drawn from a list, a fifth of a loop turn, or 16 characters of text made; text that is only read costs a fourth of that.</remarks>
internal sealed class Budget
{
    /// <summary>Steps that one rendering may take.</summary>
    public const int MaxSteps = 10_000_000;

    /// <summary>Characters of the longest string a template may make.</summary>
    public const int MaxText = 10_000_000;

    /// <summary>Calls of macros and recursive loops inside each other.</summary>
    public const int MaxCalls = 200;

    /// <summary>Expressions being evaluated inside each other, those of all callers included.</summary>
    public const int MaxDepth = 5_000;

    private long _steps;
    private int _calls;
    private int _depth;

    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps > MaxSteps)
        {
            throw new JinjaException($"the template does more than {MaxSteps} steps of work; it does not seem to end");
        }
    }

    /// <summary>Accounts for text about to be made; to be called before it is allocated.</summary>
    public void Make(long characters)
    {
        CheckText(characters);
        Step(1 + (characters / 16));
    }

    /// <summary>Checks a text in the making against the longest one allowed.</summary>
    public static void CheckText(long characters)
    {
        if (characters > MaxText)
        {
            throw new JinjaException($"the template makes a text of more than {MaxText} characters");
        }
    }

    /// <summary>Accounts for text looked through.</summary>
    public void Read(long characters) => Step(1 + (characters / 64));

    public void Enter()
    {
        if (++_calls > MaxCalls)
        {
            throw new JinjaException($"macros or loops call each other more than {MaxCalls} deep");
        }
    }

    public void Leave() => _calls--;

    /// <summary>Counts an expression inside another; its bound does not depend on the size of the stack.</summary>
    public void Descend()
    {
        if (++_depth > MaxDepth)
        {
            throw new JinjaException($"expressions are nested or chained more than {MaxDepth} deep");
        }
    }

    public void Ascend() => _depth--;

    /// <summary>Refuses to go deeper when the stack is nearly used up: for values and expressions nested without end.</summary>
    public static void CheckStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new JinjaException("the template or a value in it is nested too deeply");
        }
    }
}
