// Owns the headers that the tests have precompiled; has no test of its own.
