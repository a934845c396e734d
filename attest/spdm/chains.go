package spdm

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"sync"
	"time"
)

// Chains keeps ways to a root that were verified, so that the next report of a device costs
// one signature. A way is kept for exactly the certificates and roots that it was found
// with, and counts while all its certificates are valid. The zero value is empty and ready;
// it is safe for concurrent use.
type Chains struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]way
}

// way is a verified path, leaf first, and when all of it is valid.
type way struct {
	path        []*x509.Certificate
	from, until time.Time
}

// maxChains bounds what is kept, some 10 KB each. What is full is forgotten.
const maxChains = 4096

// keyOf tells one question from another: all certificates and all roots, in their order.
func keyOf(chain, roots []*x509.Certificate) (key [sha256.Size]byte) {
	sum := sha256.New()
	for _, list := range [][]*x509.Certificate{chain, roots} {
		sum.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(list))))
		for _, c := range list {
			sum.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(c.Raw))))
			sum.Write(c.Raw)
		}
	}
	sum.Sum(key[:0])
	return key
}

// find is the way that is kept, nil for none that counts at a time.
func (c *Chains) find(key [sha256.Size]byte, now time.Time) []*x509.Certificate {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if w, ok := c.known[key]; ok && !now.Before(w.from) && !now.After(w.until) {
		return w.path
	}
	return nil
}

// keep keeps a way that was verified.
func (c *Chains) keep(key [sha256.Size]byte, path []*x509.Certificate) {
	if c == nil {
		return
	}
	w := way{path: path, from: path[0].NotBefore, until: path[0].NotAfter}
	for _, cert := range path {
		if cert.NotBefore.After(w.from) {
			w.from = cert.NotBefore
		}
		if cert.NotAfter.Before(w.until) {
			w.until = cert.NotAfter
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxChains {
		c.known = map[[sha256.Size]byte]way{}
	}
	c.known[key] = w
}
