// Package disk keeps the store's records in Pebble. It owns the key layout and nothing of the meaning: what is
// in an item and how items merge is the dataset's business.
//
// A Batch is all or nothing, and once Commit returned nil it survives any crash. Nothing here is decided by time.
// An error of the disk, or a folder that is damaged, is never worked around: the folder is named and the caller
// has to give up. All methods of DB may be called from any goroutine; they block on the disk, so never from a mailbox.
//
//	i | account 00 collection(1) id   an item (messages.StoredItem)
//	h | account 00 hash(8)            an expired item's name -> when, ms(8)
//	m | account                       the account's summary (messages.StoredSummary)
//	l | rev(8)                        one entry of the change log (messages.StoredChange)
//	c | table 00 key                  a control record; its value is the master's business
//	x | name                          schema, newest rev, where the change log begins
//
// Numbers are big-endian. Account ids hold no zero byte.
package disk
