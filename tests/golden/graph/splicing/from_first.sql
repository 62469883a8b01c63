FROM Bronze.A SELECT a.id, A.x
