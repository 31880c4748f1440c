package master

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors"
	"troupe/messages"
	"troupe/platforms/definition"
)

// Definitions: which version of each platform's definition runs. One from the definitions folder goes before the one that is part of the
// program; a version that a person rolled back to stands until the folder changes. What is not valid is refused with its reason, in an
// alarm, and the version before stays. Each change is on disk before any node is told.

// definitions is what the master knows of the platforms' definitions.
type definitions struct {
	builtIn map[messages.PlatformName]*definition.Definition
	kept    map[messages.PlatformName][]*messages.DefinitionVersion // that ran, oldest first; records are replaced, never changed
	chosen  map[messages.PlatformName]*messages.DefinitionChoice
	folder  map[messages.PlatformName]offer // what the folder holds, as it was read last
	seen    glance
}

func newDefinitions(r *definition.Registry) definitions {
	known := definitions{
		builtIn: map[messages.PlatformName]*definition.Definition{}, kept: map[messages.PlatformName][]*messages.DefinitionVersion{},
		chosen: map[messages.PlatformName]*messages.DefinitionChoice{}, folder: map[messages.PlatformName]offer{},
	}
	if r != nil {
		for _, d := range r.All() {
			known.builtIn[d.Platform] = d
		}
	}
	return known
}

// lookEvery is how often the folder is looked at. A new version is taken up at the second look that finds it the same: an editor may
// still be writing at the first.
const lookEvery = time.Second

// lookDue is the tick of the folder.
type lookDue struct{}

// startDefinitions begins to watch the folder; where there is none, what came from one before is over.
func (m *master) startDefinitions(c actor.Context) {
	switch {
	case m.Definitions == nil:
	case m.Folder == nil:
		m.decideAll(c)
	default:
		m.stopTicks = append(m.stopTicks, actors.Every(c, lookEvery, lookDue{}))
		m.onLookDue(c)
	}
}

// onLookDue looks at the folder, off the mailbox.
func (m *master) onLookDue(c actor.Context) {
	if m.known.seen.looking {
		return
	}
	m.known.seen.looking = true
	folder, seen, before := m.Folder, m.known.seen, maps.Clone(m.known.folder)
	actors.Job(c, func(context.Context) any { return look(folder, seen, before) })
}

// onLooked takes up what changed in the folder.
func (m *master) onLooked(c actor.Context, l looked) {
	m.known.seen = l.glance
	if l.err != nil {
		m.Log.Warn("definitions folder not read, what runs stays", "err", l.err)
	}
	if l.offers == nil {
		return
	}
	m.known.folder = l.offers
	m.decideAll(c)
}

// decideAll lets every platform run what it should now.
func (m *master) decideAll(c actor.Context) {
	names := map[messages.PlatformName]bool{}
	for name := range m.known.builtIn {
		names[name] = true
	}
	for name := range m.known.folder {
		names[name] = true
	}
	for name := range m.known.chosen {
		names[name] = true
	}
	for _, a := range m.alarms {
		if a.GetPlatform() != "" {
			names[messages.PlatformName(a.GetPlatform())] = true
		}
	}
	var ch change
	var changed []messages.PlatformName
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if m.decide(&ch, name) {
			changed = append(changed, name)
		}
	}
	if len(ch.puts) == 0 {
		m.publish(c)
		return
	}
	m.persist(c, ch, func() { m.spread(c, changed) })
}

// decide lets a platform run the folder's version, else the built-in one, and says whether that is another than before.
func (m *master) decide(ch *change, name messages.PlatformName) bool {
	in, there := m.known.folder[name]
	choice := m.known.chosen[name]
	switch {
	case there && in.definition == nil:
		m.refuseDefinition(ch, name, in.problem)
		return false
	case choice.GetRolledBack() && choice.GetFolder() == in.digest:
		m.clearAlarm(ch, platformAlarmKey(name))
		return false
	case there:
		return m.takeUp(ch, in.definition, &messages.DefinitionChoice{Platform: string(name), Digest: in.digest, Folder: in.digest})
	case m.known.builtIn[name] == nil:
		return m.dropPlatform(ch, name)
	default:
		return m.takeUp(ch, m.known.builtIn[name], &messages.DefinitionChoice{Platform: string(name), Digest: m.known.builtIn[name].Digest})
	}
}

// takeUp makes d what its platform runs, and says whether it did not before.
func (m *master) takeUp(ch *change, d *definition.Definition, choice *messages.DefinitionChoice) bool {
	now := m.Definitions.Get(d.Platform)
	another := now == nil || now.Digest != d.Digest
	if another {
		if _, err := m.Definitions.Replace(d.Platform, d); err != nil {
			m.refuseDefinition(ch, d.Platform, err.Error())
			return false
		}
	}
	m.clearAlarm(ch, platformAlarmKey(d.Platform))
	if !proto.Equal(choice, m.known.chosen[d.Platform]) {
		m.known.chosen[d.Platform] = choice
		ch.put(tableChoices, string(d.Platform), choice)
		m.news.platforms = true
	}
	if !another {
		return false
	}
	if !choice.GetRolledBack() {
		m.keepVersion(ch, d)
	}
	m.setPlatform(d)
	m.news.platforms = true
	m.Log.Info("definition taken up", "platform", string(d.Platform), "version", d.Version, "digest", brief(d.Digest), "rolled_back", choice.GetRolledBack())
	return true
}

// dropPlatform ends a platform that has neither a folder nor a built-in definition any more, unless it has accounts.
func (m *master) dropPlatform(ch *change, name messages.PlatformName) bool {
	for _, a := range m.accounts {
		if a.record.GetPlatform() == string(name) {
			m.refuseDefinition(ch, name, "its folder is gone, and accounts of it are left; its last version stays")
			return false
		}
	}
	if _, err := m.Definitions.Replace(name, nil); err != nil {
		m.Log.Error("definition not dropped", "platform", string(name), "err", err)
		return false
	}
	m.clearAlarm(ch, platformAlarmKey(name))
	delete(m.known.chosen, name)
	ch.remove(tableChoices, string(name))
	m.Platforms = slices.DeleteFunc(slices.Clone(m.Platforms), func(p Platform) bool { return p.Name == name })
	m.news.platforms = true
	return false
}

// refuseDefinition says in an alarm why a version is not taken up.
func (m *master) refuseDefinition(ch *change, name messages.PlatformName, reason string) {
	if old := m.alarms[platformAlarmKey(name)]; old.GetReason() == reason {
		return
	}
	m.clearAlarm(ch, platformAlarmKey(name))
	m.open(ch, platformAlarmKey(name), &messages.Alarm{Name: definitionRefused, Platform: string(name), Reason: reason})
	m.news.platforms = true
}

// definitionRefused is the alarm of a version that is not taken up.
const definitionRefused = "definition_refused"

// setPlatform lets the master know a platform as d has it.
func (m *master) setPlatform(d *definition.Definition) {
	all := slices.DeleteFunc(slices.Clone(m.Platforms), func(p Platform) bool { return p.Name == d.Platform })
	m.Platforms = append(all, PlatformOf(d))
	slices.SortFunc(m.Platforms, func(a, b Platform) int { return cmp.Compare(a.Name, b.Name) })
}

// spread tells every node what platforms run now; accounts take it up between two rounds.
func (m *master) spread(c actor.Context, names []messages.PlatformName) {
	for id, n := range m.nodes {
		if n.pid != nil && m.online(id) {
			m.tellNode(c, n.pid, names)
		}
	}
}

func (m *master) tellNode(c actor.Context, node *actor.PID, names []messages.PlatformName) {
	for _, name := range names {
		if d := m.Definitions.Get(name); d != nil {
			c.Send(node, &messages.SetDefinition{Platform: string(name), Digest: d.Digest, Packed: m.packed(d)})
		}
	}
}

// assignedDefinition is what an assignment carries: the digest of what the platform runs, and its files unless every node has them built in.
func (m *master) assignedDefinition(platform string) (digest string, packed []byte) {
	name := messages.PlatformName(platform)
	if m.Definitions == nil || m.Definitions.Get(name) == nil {
		return "", nil
	}
	d := m.Definitions.Get(name)
	if m.isBuiltIn(d) {
		return d.Digest, nil
	}
	return d.Digest, m.packed(d)
}

// packed is a definition in one piece; that of a kept version is shared.
func (m *master) packed(d *definition.Definition) []byte {
	if v := m.version(d.Platform, d.Digest); v != nil {
		return v.GetPacked()
	}
	packed, err := d.Pack()
	if err != nil {
		panic(fmt.Sprintf("pack definition of %s: %v", d.Platform, err)) // a map of strings
	}
	return packed
}

func (m *master) isBuiltIn(d *definition.Definition) bool {
	own := m.known.builtIn[d.Platform]
	return own != nil && own.Digest == d.Digest
}

// brief is a digest as people read it.
func brief(digest string) string { return digest[:min(len(digest), 12)] }
