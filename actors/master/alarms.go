package master

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// clearedKept is how many cleared alarms are remembered.
const clearedKept = 200

func alarmKey(id messages.AccountID, name string) string { return string(id) + "/" + name }

func (m *master) alarmed(id messages.AccountID, name string) bool {
	return m.alarms[alarmKey(id, name)] != nil
}

// raise opens an alarm once: raising an open one again changes nothing.
func (m *master) raise(ch *change, id messages.AccountID, name, reason string) {
	if m.alarmed(id, name) {
		return
	}
	a := &messages.Alarm{
		Id: string(messages.NewTrace()), Name: name, Account: string(id), Worker: m.workerOf(id), Reason: reason, RaisedAt: m.now(),
	}
	m.alarms[alarmKey(id, name)] = a
	ch.put(tableAlarms, a.GetId(), a)
	m.news.alarms = append(m.news.alarms, a)
	m.Log.Error("alarm raised", "alarm", name, id.Attr(), "reason", reason)
}

func (m *master) workerOf(id messages.AccountID) string {
	if a := m.accounts[id]; a != nil {
		return a.record.GetWorker()
	}
	return ""
}

// clearAlarms closes every open alarm of an account.
func (m *master) clearAlarms(ch *change, id messages.AccountID) { m.clearAlarmsBut(ch, id, "") }

// clearAlarmsBut closes every open alarm of an account but the one of that name.
func (m *master) clearAlarmsBut(ch *change, id messages.AccountID, name string) {
	for key, a := range m.alarms {
		if a.GetAccount() != string(id) || a.GetName() == name {
			continue
		}
		cleared := proto.CloneOf(a)
		cleared.ClearedAt = m.now()
		delete(m.alarms, key)
		m.keepCleared(ch, cleared)
		ch.put(tableAlarms, cleared.GetId(), cleared)
		m.news.alarms = append(m.news.alarms, cleared)
		m.Log.Info("alarm cleared", "alarm", a.GetName(), id.Attr())
	}
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
	for key, a := range m.alarms {
		if a.GetAccount() == string(id) {
			ch.remove(tableAlarms, a.GetId())
			delete(m.alarms, key)
		}
	}
	m.oldAlarms = slices.DeleteFunc(m.oldAlarms, func(a *messages.Alarm) bool {
		if a.GetAccount() != string(id) {
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
		m.alarms[alarmKey(messages.AccountID(a.GetAccount()), a.GetName())] = a
		return nil
	}
	m.oldAlarms = append(m.oldAlarms, a) // ids sort by time, and records are loaded in order
	return nil
}
