package broker

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Folder is a folder that the command line names, as a file system that is not left.
func (c *Client) Folder(name string) (fs.FS, io.Closer, error) {
	if _, err := c.stat(ofInputs, opStat, name); err != nil {
		return nil, nil, err
	}
	return folderFS{c, name}, io.NopCloser(nil), nil
}

type folderFS struct {
	c    *Client
	name string
}

func (f folderFS) at(op, name string) (string, error) {
	if err := valid(op, name); err != nil {
		return "", err
	}
	if name == "." {
		return f.name, nil
	}
	return strings.TrimSuffix(f.name, "/") + "/" + filepath.FromSlash(name), nil
}

func (f folderFS) Open(name string) (fs.File, error) {
	at, err := f.at("open", name)
	if err != nil {
		return nil, err
	}
	g, err := f.c.open(ofInputs, at)
	if err != nil {
		return nil, err
	}
	return g, nil
}

func (f folderFS) Stat(name string) (fs.FileInfo, error) {
	at, err := f.at("stat", name)
	if err != nil {
		return nil, err
	}
	return f.c.stat(ofInputs, opStat, at)
}

// Lstat and ReadLink implement [fs.ReadLinkFS].
func (f folderFS) Lstat(name string) (fs.FileInfo, error) {
	at, err := f.at("lstat", name)
	if err != nil {
		return nil, err
	}
	return f.c.stat(ofInputs, opLstat, at)
}

func (f folderFS) ReadLink(name string) (string, error) {
	at, err := f.at("readlink", name)
	if err != nil {
		return "", err
	}
	return f.c.readLink(ofInputs, at)
}

func (f folderFS) ReadDir(name string) ([]fs.DirEntry, error) {
	at, err := f.at("readdir", name)
	if err != nil {
		return nil, err
	}
	return f.c.readDir(ofInputs, at)
}

// Descriptor is the file itself, nil where its contents came in its place.
func (f *file) Descriptor() *os.File { return f.f }
