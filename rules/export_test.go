package rules

// DigestOf is the digest of the rules in a file system.
var DigestOf = digestOf
