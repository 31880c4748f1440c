package master

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/messages"
	"troupe/platforms/definition"
)

// The versions of a platform that ran are kept, for a way back. The built-in one needs no keeping.

// versionsKept is how many versions of a platform are kept beside the built-in one.
const versionsKept = 10

// The records of definitions in the store.
const (
	tableDefinitions = "definitions" // platform/digest
	tableChoices     = "choices"     // platform
)

func versionKey(platform, digest string) string { return platform + "/" + digest }

// keepVersion notes that a version runs now; the oldest are forgotten.
func (m *master) keepVersion(ch *change, d *definition.Definition) {
	if m.isBuiltIn(d) {
		return
	}
	packed := m.packed(d)
	list := slices.DeleteFunc(slices.Clone(m.known.kept[d.Platform]), func(v *messages.DefinitionVersion) bool { return v.GetDigest() == d.Digest })
	v := &messages.DefinitionVersion{Platform: string(d.Platform), Digest: d.Digest, Version: int64(d.Version), Packed: packed, TakenAt: m.now()}
	list = append(list, v)
	ch.put(tableDefinitions, versionKey(v.GetPlatform(), v.GetDigest()), v)
	for len(list) > versionsKept {
		ch.remove(tableDefinitions, versionKey(list[0].GetPlatform(), list[0].GetDigest()))
		list = list[1:]
	}
	m.known.kept[d.Platform] = list
}

// version is a kept one, nil if it is not kept.
func (m *master) version(name messages.PlatformName, digest string) *messages.DefinitionVersion {
	for _, v := range m.known.kept[name] {
		if v.GetDigest() == digest {
			return v
		}
	}
	return nil
}

// versions lists what a platform can run: the built-in version first, then the kept ones, oldest first.
func (m *master) versions(name messages.PlatformName) []*messages.DefinitionVersion {
	var list []*messages.DefinitionVersion
	if d := m.known.builtIn[name]; d != nil {
		list = append(list, &messages.DefinitionVersion{Platform: string(name), Digest: d.Digest, Version: int64(d.Version)})
	}
	return append(list, m.known.kept[name]...)
}

// loadDefinition takes in a record of the store.
func (m *master) loadDefinition(r *messages.Put) error {
	v := &messages.DefinitionVersion{}
	if err := proto.Unmarshal(r.GetValue(), v); err != nil {
		return err
	}
	name := messages.PlatformName(v.GetPlatform())
	m.known.kept[name] = append(m.known.kept[name], v)
	return nil
}

func (m *master) loadChoice(r *messages.Put) error {
	choice := &messages.DefinitionChoice{}
	if err := proto.Unmarshal(r.GetValue(), choice); err != nil {
		return err
	}
	m.known.chosen[messages.PlatformName(choice.GetPlatform())] = choice
	return nil
}

// recoverDefinitions runs again what ran last, before any account is placed. The folder is looked at right after.
func (m *master) recoverDefinitions() {
	if m.Definitions == nil {
		return
	}
	for name, list := range m.known.kept {
		slices.SortStableFunc(list, func(a, b *messages.DefinitionVersion) int { return cmp.Compare(a.GetTakenAt(), b.GetTakenAt()) })
		v := m.version(name, m.known.chosen[name].GetDigest())
		if v == nil {
			continue
		}
		d, err := definition.Unpack(v.GetPacked())
		if err == nil {
			_, err = m.Definitions.Replace(name, d)
		}
		if err != nil { // this program asks more of a definition than the one before
			m.Log.Warn("kept definition not usable any more", "platform", string(name), "digest", brief(v.GetDigest()), "err", err)
			continue
		}
		m.setPlatform(d)
	}
}

// rolled is a version that a person chose, ready to run.
type rolled struct {
	definition *definition.Definition
	err        error
	asker      *actor.PID
}

// onRollBack runs an earlier version until the folder changes.
func (m *master) onRollBack(c actor.Context, msg *messages.RollBackDefinition, sender *actor.PID) {
	name := messages.PlatformName(msg.GetPlatform())
	if m.Definitions == nil || m.Definitions.Get(name) == nil {
		refuse(c, sender, "not_found", fmt.Sprintf("unknown platform %q; known are: %s", name, m.platformNames()))
		return
	}
	v, why := m.wanted(name, msg.GetVersion())
	if v == nil {
		refuse(c, sender, "conflict", why)
		return
	}
	if d := m.known.builtIn[name]; d != nil && d.Digest == v.GetDigest() {
		m.onRolled(c, rolled{definition: d, asker: sender})
		return
	}
	actors.Job(c, func(context.Context) any {
		d, err := definition.Unpack(v.GetPacked())
		return rolled{d, err, sender}
	})
}

// wanted finds the version that a person means; why says why there is none.
func (m *master) wanted(name messages.PlatformName, said string) (v *messages.DefinitionVersion, why string) {
	list, runs := m.versions(name), m.Definitions.Get(name).Digest
	at := slices.IndexFunc(list, func(v *messages.DefinitionVersion) bool { return v.GetDigest() == runs })
	if said == "" {
		if at < 1 {
			return nil, fmt.Sprintf("%s has no earlier version; see: troupe platform list", name)
		}
		return list[at-1], ""
	}
	for _, v := range slices.Backward(list) {
		byNumber := strconv.FormatInt(v.GetVersion(), 10) == said
		byDigest := len(said) >= 4 && strings.HasPrefix(v.GetDigest(), said)
		if (byNumber || byDigest) && v.GetDigest() != runs {
			return v, ""
		}
	}
	return nil, fmt.Sprintf("%s has no version %q to go back to; see: troupe platform list", name, said)
}

func (m *master) onRolled(c actor.Context, r rolled) {
	if r.err != nil {
		refuse(c, r.asker, "conflict", "that version is not valid for this program any more: "+r.err.Error())
		return
	}
	d := r.definition
	choice := &messages.DefinitionChoice{
		Platform: string(d.Platform), Digest: d.Digest, Folder: m.known.folder[d.Platform].digest, RolledBack: d.Digest != m.known.folder[d.Platform].digest,
	}
	var ch change
	changed := m.takeUp(&ch, d, choice)
	if m.Definitions.Get(d.Platform).Digest != d.Digest {
		m.persist(c, ch, nil)
		refuse(c, r.asker, "conflict", m.alarms[platformAlarmKey(d.Platform)].GetReason())
		return
	}
	m.persist(c, ch, func() {
		if changed {
			m.spread(c, []messages.PlatformName{d.Platform})
		}
		if r.asker != nil {
			c.Send(r.asker, &messages.DefinitionRolledBack{Platform: string(d.Platform), Digest: d.Digest, Version: int64(d.Version)})
		}
	})
}

// PlatformOf is what the master knows of a platform by its definition.
func PlatformOf(d *definition.Definition) Platform {
	p := Platform{Name: d.Platform, Prefix: d.Prefix, CanReply: map[messages.ReplyKind]bool{}, Site: siteOf(d)}
	for _, kind := range definition.ReplyKinds {
		p.CanReply[kind] = len(d.ReplyFlow(kind)) > 0
	}
	return p
}

// siteOf is the host:port of a definition's first site that is named whole.
func siteOf(d *definition.Definition) string {
	for _, host := range d.Hosts.Sites {
		if !strings.Contains(host, "*") {
			return net.JoinHostPort(host, "443")
		}
	}
	return ""
}

// shownPlatforms is what the board shows of definitions.
func (m *master) shownPlatforms() []*board.Platform {
	if m.Definitions == nil {
		return nil
	}
	var list []*board.Platform
	for _, d := range m.Definitions.All() {
		p := &board.Platform{
			Name: d.Platform, Title: map[string]string{"zh": d.Title.ZH, "en": d.Title.EN}, Digest: d.Digest, Version: int64(d.Version),
			BuiltIn: m.isBuiltIn(d), RolledBack: m.known.chosen[d.Platform].GetRolledBack(),
			Problem: m.alarms[platformAlarmKey(d.Platform)].GetReason(),
		}
		for _, v := range slices.Backward(m.versions(d.Platform)) {
			p.Versions = append(p.Versions, board.Version{Digest: v.GetDigest(), Version: v.GetVersion(), TakenAt: v.GetTakenAt(), BuiltIn: v.GetPacked() == nil})
		}
		list = append(list, p)
	}
	for name, in := range m.known.folder { // of a platform that never ran
		if in.definition == nil && m.Definitions.Get(name) == nil {
			list = append(list, &board.Platform{Name: name, Problem: in.problem})
		}
	}
	slices.SortFunc(list, func(a, b *board.Platform) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
