namespace Ballast.Models;

/// <summary>What the gate of the MLP passes through.</summary>
public enum Activation
{
    /// <summary>x * sigmoid(x).</summary>
    Silu = 0,

    /// <summary>x * Phi(x) in its tanh form, 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel, arXiv 1606.08415).</summary>
    GeluTanh = 1,
}
