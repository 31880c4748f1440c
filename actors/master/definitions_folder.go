package master

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"troupe/messages"
	"troupe/platforms/definition"
)

// The definitions folder is looked at by asking for names, sizes and times, which works on every file system and costs little for some
// folders of some files; only what changed is read.

// offer is what one folder of the definitions folder holds: a definition, or why it is none.
type offer struct {
	digest     string // of its files
	definition *definition.Definition
	problem    string // for people: every fault with its file and line
}

// glance is how the folder looked last.
type glance struct {
	looking bool   // a look is under way
	stamp   string // names, sizes and times, at the last look
	read    string // the same, when it was read last
	ever    bool   // it was looked at
}

// looked is the end of a look. Without offers nothing changed, or something still changes.
type looked struct {
	glance
	offers map[messages.PlatformName]offer
	err    error
}

// look reads the folder if it is not as it was read last, and is as it was a look ago.
func look(folder fs.FS, last glance, before map[messages.PlatformName]offer) looked {
	stamp, err := stampOf(folder)
	now := glance{stamp: stamp, read: last.read, ever: true}
	if err != nil {
		if last.ever && last.stamp == "" {
			err = nil // said once
		}
		now.stamp = ""
		return looked{glance: now, err: err}
	}
	if last.ever && (stamp == last.read || stamp != last.stamp) {
		return looked{glance: now}
	}
	offers, err := readOffers(folder, before)
	if err != nil {
		return looked{glance: now, err: err}
	}
	now.read = stamp
	return looked{glance: now, offers: offers}
}

// stampOf describes the folder without reading a file. A folder that does not exist is an empty one.
func stampOf(folder fs.FS) (string, error) {
	var b strings.Builder
	b.WriteString("/") // an empty folder has a stamp, too
	platforms, err := fs.ReadDir(folder, ".")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look at the definitions folder: %w", err)
	}
	for _, p := range platforms {
		files, err := fs.ReadDir(folder, p.Name())
		if err != nil {
			continue // no folder
		}
		for _, f := range files {
			info, err := fs.Stat(folder, path.Join(p.Name(), f.Name())) // follows links
			if err != nil {
				continue // gone meanwhile
			}
			fmt.Fprintf(&b, "%s/%s %d %d\n", p.Name(), f.Name(), info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String(), nil
}

// readOffers reads every folder that holds a definition. What is as it was before is not checked again.
func readOffers(folder fs.FS, before map[messages.PlatformName]offer) (map[messages.PlatformName]offer, error) {
	platforms, err := fs.ReadDir(folder, ".")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the definitions folder: %w", err)
	}
	offers := map[messages.PlatformName]offer{}
	for _, p := range platforms {
		sub, err := fs.Sub(folder, p.Name())
		if err != nil {
			return nil, fmt.Errorf("read the definitions folder: %w", err)
		}
		files, err := definition.Files(sub)
		if errors.Is(err, fs.ErrNotExist) {
			continue // no platform.yaml
		}
		if err != nil {
			return nil, fmt.Errorf("read the definitions folder: %w", err)
		}
		name := messages.PlatformName(p.Name())
		if o := before[name]; o.digest == definition.DigestOf(files) {
			offers[name] = o
			continue
		}
		offers[name] = offerOf(name, files)
	}
	return offers, nil
}

// offerOf checks the files of one folder.
func offerOf(name messages.PlatformName, files map[string]string) offer {
	o := offer{digest: definition.DigestOf(files)}
	d, err := definition.Parse(files)
	if problems, ok := errors.AsType[definition.Problems](err); ok {
		lines := make([]string, len(problems))
		for i, p := range problems {
			lines[i] = string(name) + "/" + p.String()
		}
		o.problem = strings.Join(lines, "\n")
		return o
	}
	switch {
	case err != nil:
		o.problem = fmt.Sprintf("%s: %v", name, err)
	case d.Platform != name:
		o.problem = fmt.Sprintf("%s/%s defines platform %q: name the folder %s", name, definition.File, d.Platform, d.Platform)
	default:
		o.definition = d
	}
	return o
}
