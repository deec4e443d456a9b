"""The joint model: one module a part, its formulas written once for NumPy and for PyTensor."""
