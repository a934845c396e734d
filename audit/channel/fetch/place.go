package fetch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// IsURL says that the place of a channel is one, and else it is a folder.
func IsURL(place string) bool { return strings.Contains(place, "://") }

// Place is that of a channel as it is remembered: a URL, or a folder by its whole name.
func Place(from string) (string, error) {
	if IsURL(from) {
		return from, nil
	}
	abs, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(abs); err != nil {
		return "", fmt.Errorf("--channel: %w", err)
	} else if !info.IsDir() {
		return "", fmt.Errorf("--channel: %s is no directory; an archive is taken in with channel import", from)
	}
	return abs, nil
}

// Open opens a channel at its place. The program asks by the name of agent.
func Open(place, agent string) (src channel.Source, closing func(), err error) {
	if IsURL(place) {
		src, err := New(place, agent)
		if err != nil {
			return nil, nil, fmt.Errorf("--channel: %w", err)
		}
		return src, func() {}, nil
	}
	files, closer, err := input.OpenFolder(place)
	if err != nil {
		return nil, nil, fault.AsIncomplete(fmt.Errorf("--channel: %w", err))
	}
	return channel.Directory{FS: files}, func() { closer.Close() }, nil
}
