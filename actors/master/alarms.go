package master

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// clearedKept is how many cleared alarms are remembered.
const clearedKept = 200

func alarmKey(id messages.AccountID, name string) string { return string(id) + "/" + name }

// proxyAlarmKey is the key of a proxy's one alarm; no account's begins like it.
func proxyAlarmKey(proxy string) string { return "/" + proxy }

// platformAlarmKey is the key of a platform's one alarm: its new definition was refused.
func platformAlarmKey(name messages.PlatformName) string { return "//" + string(name) }

// nodeDefinitionKey is the key of the alarm of a node that cannot use a platform's definition.
func nodeDefinitionKey(name messages.PlatformName, worker string) string {
	return platformAlarmKey(name) + "@" + worker
}

// keyOf is the key that an alarm stands under.
func keyOf(a *messages.Alarm) string {
	switch {
	case a.GetName() == diskFull:
		return nodeDiskKey(a.GetWorker())
	case a.GetName() == nodeFaulty:
		return nodeFaultyKey(a.GetWorker())
	case a.GetPlatform() != "" && a.GetWorker() != "":
		return nodeDefinitionKey(messages.PlatformName(a.GetPlatform()), a.GetWorker())
	case a.GetPlatform() != "":
		return platformAlarmKey(messages.PlatformName(a.GetPlatform()))
	case a.GetProxy() != "":
		return proxyAlarmKey(a.GetProxy())
	}
	return alarmKey(messages.AccountID(a.GetAccount()), a.GetName()) // an empty account: the cluster's own
}

// alarmed says whether a state of an account that needs a person has its alarm.
func (m *master) alarmed(a *account, state messages.AccountState) bool {
	if state == messages.ProxyDown && m.proxies[a.record.GetProxy()] != nil {
		return m.alarms[proxyAlarmKey(a.record.GetProxy())] != nil
	}
	return m.alarms[alarmKey(a.id(), string(state))] != nil
}

// raise opens an alarm of an account once: raising an open one again changes nothing.
func (m *master) raise(ch *change, id messages.AccountID, name, reason string) {
	m.open(ch, alarmKey(id, name), &messages.Alarm{Name: name, Account: string(id), Worker: m.workerOf(id), Reason: reason})
}

// raiseProxy opens a proxy's alarm once, whichever and how many of its accounts it keeps from their site.
func (m *master) raiseProxy(ch *change, p *messages.Proxy, reason string) {
	m.open(ch, proxyAlarmKey(p.GetId()), &messages.Alarm{
		Name: string(messages.ProxyDown), Proxy: p.GetId(), Reason: "proxy " + p.GetName() + ": " + reason,
	})
}

// open puts an alarm under a key that has none.
func (m *master) open(ch *change, key string, a *messages.Alarm) {
	if m.alarms[key] != nil {
		return
	}
	a.Id, a.RaisedAt = string(messages.NewTrace()), m.now()
	m.alarms[key] = a
	ch.put(tableAlarms, a.GetId(), a)
	m.news.alarms = append(m.news.alarms, a)
	m.Log.Error("alarm raised", "alarm", a.GetName(), "account", a.GetAccount(), "proxy", a.GetProxy(), "platform", a.GetPlatform(), "reason", a.GetReason())
}

func (m *master) workerOf(id messages.AccountID) string {
	if a := m.accounts[id]; a != nil {
		return cmp.Or(a.record.GetWorker(), a.record.GetForeign())
	}
	return ""
}

// clearAlarms closes every open alarm of an account.
func (m *master) clearAlarms(ch *change, id messages.AccountID) { m.clearAlarmsBut(ch, id, "") }

// clearAlarmsBut closes every open alarm of an account but the one of that name.
func (m *master) clearAlarmsBut(ch *change, id messages.AccountID, name string) {
	for key, a := range m.alarms {
		if a.GetAccount() == string(id) && a.GetName() != name {
			m.clearAlarm(ch, key)
		}
	}
}

func (m *master) clearProxyAlarm(ch *change, proxy string) { m.clearAlarm(ch, proxyAlarmKey(proxy)) }

// clearAlarm closes the alarm of that key, if one is open.
func (m *master) clearAlarm(ch *change, key string) {
	a := m.alarms[key]
	if a == nil {
		return
	}
	cleared := proto.CloneOf(a)
	cleared.ClearedAt = m.now()
	delete(m.alarms, key)
	m.keepCleared(ch, cleared)
	ch.put(tableAlarms, cleared.GetId(), cleared)
	m.news.alarms = append(m.news.alarms, cleared)
	m.Log.Info("alarm cleared", "alarm", a.GetName(), "account", a.GetAccount(), "proxy", a.GetProxy())
}

func (m *master) keepCleared(ch *change, a *messages.Alarm) {
	m.oldAlarms = append(m.oldAlarms, a)
	for len(m.oldAlarms) > clearedKept {
		ch.remove(tableAlarms, m.oldAlarms[0].GetId())
		m.oldAlarms = m.oldAlarms[1:]
	}
}

// forgetAlarms deletes an account's alarms, open and cleared.
func (m *master) forgetAlarms(ch *change, id messages.AccountID) {
	m.forgetAlarmsThat(ch, func(a *messages.Alarm) bool { return a.GetAccount() == string(id) })
}

// forgetProxyAlarms deletes a proxy's alarms, open and cleared.
func (m *master) forgetProxyAlarms(ch *change, proxy string) {
	m.forgetAlarmsThat(ch, func(a *messages.Alarm) bool { return a.GetProxy() == proxy })
}

func (m *master) forgetAlarmsThat(ch *change, gone func(*messages.Alarm) bool) {
	for key, a := range m.alarms {
		if gone(a) {
			ch.remove(tableAlarms, a.GetId())
			delete(m.alarms, key)
		}
	}
	m.oldAlarms = slices.DeleteFunc(m.oldAlarms, func(a *messages.Alarm) bool {
		if !gone(a) {
			return false
		}
		ch.remove(tableAlarms, a.GetId())
		return true
	})
}

func (m *master) loadAlarm(r *messages.Put) error {
	a := &messages.Alarm{}
	if err := proto.Unmarshal(r.GetValue(), a); err != nil {
		return err
	}
	if a.GetClearedAt() == 0 {
		m.alarms[keyOf(a)] = a
		return nil
	}
	m.oldAlarms = append(m.oldAlarms, a) // ids sort by time, and records are loaded in order
	return nil
}
