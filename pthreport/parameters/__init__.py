"""Logical parameters: what packed, scaled, masked and reparametrised tensors stand for, decoded as they are read."""

from pthreport.parameters.parameter import Member, Parameter
from pthreport.parameters.recognise import NOTHING, Parameters, logical_parameters
from pthreport.parameters.scheme import Inconsistency, Scheme
from pthreport.parameters.schemes import SCHEMES

__all__ = [
    "NOTHING",
    "SCHEMES",
    "Inconsistency",
    "Member",
    "Parameter",
    "Parameters",
    "Scheme",
    "logical_parameters",
]
