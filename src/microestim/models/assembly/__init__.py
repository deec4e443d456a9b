"""From a study to the model that its evidence asks for, one module a kind of evidence."""

from microestim.models.assembly.design import design_model

__all__ = ["design_model"]
