"""LETS IN: parse, authorise, call one flow, render."""
