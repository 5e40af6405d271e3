/**
 * Loaded by mocha before any test. c8 measures the processes that run the tests, by a variable that they have read when this
 * file is loaded. What a test starts would inherit it, and each of some five hundred programs would write and c8 read
 * megabytes about code that is not measured. Only in mocha's workers: they inherit it from mocha itself.
 */
if (process.env.MOCHA_WORKER_ID !== undefined) delete process.env.NODE_V8_COVERAGE;
