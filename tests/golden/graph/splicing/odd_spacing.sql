SELECT id FROM bronze /* here */ . a

