"""DECIDES: pure rules of returns, money, policy and effects; standard library only."""
