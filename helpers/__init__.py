"""The code behind the dropout notebooks: each function was first written out in one of them."""
