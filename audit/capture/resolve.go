package capture

import (
	"io/fs"
	"path"
	"strings"
)

// maxHops is how many links one name may lead through, as in Linux.
const maxHops = 40

// maxSteps is how many elements one name may come to with its links. The
// deepest names of sysfs come to a few dozen.
const maxSteps = 1024

// lookup says what a name that goes through no link is: a link and its target,
// something else that exists, or nothing.
type lookup func(name string) (target string, exists bool)

// resolve follows the links in a name. The result goes through no link, with
// one exception: where a link cannot be followed (its target is absolute, or
// leaves the root, or it is one too many, or the way gets too long), the result is that link and the
// rest of the name. Recording and replay resolve alike, so what is recorded
// under a result is found under it. Without follow, a link in last place stays.
func resolve(name string, follow bool, look lookup) string {
	at, rest, stuck := ".", name, name
	for hops, steps := 0, 0; rest != ""; steps++ {
		if steps > maxSteps {
			return stuck
		}
		elem, tail, _ := strings.Cut(rest, "/")
		switch elem {
		case "", ".":
			rest = tail
			continue
		case "..":
			if at == "." {
				return stuck
			}
			at, rest = path.Dir(at), tail
			continue
		}
		next := path.Join(at, elem)
		if tail == "" && !follow {
			return next
		}
		target, exists := look(next)
		if !exists {
			return below(next, tail)
		}
		if target == "" {
			at, rest = next, tail
			continue
		}
		stuck = below(next, tail)
		if hops++; hops > maxHops || path.IsAbs(target) {
			return stuck
		}
		rest = target + "/" + tail
	}
	return at
}

// below joins what is left of a name, unless that climbs.
func below(at, tail string) string {
	if name := path.Join(at, tail); strings.HasPrefix(name, at+"/") && fs.ValidPath(at+"/"+strings.TrimSuffix(tail, "/")) {
		return name
	}
	return at
}
