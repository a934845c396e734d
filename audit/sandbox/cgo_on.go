//go:build cgo

package sandbox

// WithCgo says that this program may have threads that Go does not know: it cannot be
// confined whole, and starts no judge. It is shipped without cgo.
const WithCgo = true
